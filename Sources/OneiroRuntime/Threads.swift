import COneiroKernel
import Glibc
import Synchronization

/// How many threads there are to use, and the one pool they live in.
public enum Threads {
  /// Processors that this process may run on: the smaller of its affinity mask and its control group's quota.
  public static var available: Int {
    let affinity = OpenMP.shared.map { Int($0.processorCount()) } ?? 1
    return max(1, min(affinity, ControlGroup.processorQuota() ?? affinity))
  }

  /// Calls body(argument, index) for index in 0 ..< count on at most `threads` threads: what the ABI calls `parallel`.
  static let parallel:
    @convention(c) (Int32, Int, (@convention(c) (UnsafeMutableRawPointer?, Int) -> Void)?, UnsafeMutableRawPointer?) ->
      Void = {
        threads, count, body, argument in
        guard let body else { return }
        let width = min(Int(threads), count)
        guard width > 1, let openMP = OpenMP.shared else {
          for index in 0..<count { body(argument, index) }
          return
        }
        var region = Region(body: body, argument: argument, count: count)
        withUnsafeMutablePointer(to: &region) { pointer in
          openMP.parallel(
            { raw in
              let region = raw!.assumingMemoryBound(to: Region.self)
              while true {
                let index = region.pointee.next.wrappingAdd(1, ordering: .relaxed).oldValue
                if index >= region.pointee.count { return }
                region.pointee.body(region.pointee.argument, index)
              }
            }, pointer, UInt32(width), 0)
        }
      }

  /// One parallel loop; the threads take indices from `next` until there are none left.
  private struct Region: ~Copyable {
    let body: @convention(c) (UnsafeMutableRawPointer?, Int) -> Void
    let argument: UnsafeMutableRawPointer?
    let count: Int
    let next = Atomic<Int>(0)
  }
}

/// The limits that a container puts on this process.
enum ControlGroup {
  /// Whole processors that the quota of control group v2 (cpu.max: "quota period" in microseconds) amounts to, rounded
  /// up; `nil` when there is none.
  static func processorQuota() -> Int? {
    guard let group = SystemFile.text("/proc/self/cgroup")?.split(separator: "\n").first(where: { $0.hasPrefix("0::") })
    else {
      return nil
    }
    let path = group.dropFirst(3)
    let limits = ["/sys/fs/cgroup\(path)/cpu.max", "/sys/fs/cgroup/cpu.max"].lazy.compactMap { SystemFile.text($0) }
      .first
    guard let fields = limits?.split(whereSeparator: \.isWhitespace), fields.count == 2,
      let quota = Double(fields[0]), let period = Double(fields[1]), quota > 0, period > 0
    else { return nil }
    return max(1, Int((quota / period).rounded(.up)))
  }
}
