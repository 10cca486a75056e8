import Glibc
import OneiroGraph
import Synchronization

/// What a kernel packs a constant into, or finds it packed in: memory of its own, or pages of a file.
final class PackedMemory: @unchecked Sendable {
  // Sendable: the kernel writes before anyone else sees it.
  let base: UnsafeMutableRawPointer
  let byteCount: Int
  /// Whether what was packed before is in it.
  let isFilled: Bool
  /// The part of a file whose pages it is; `nil` for memory of its own.
  let part: PackedFile.Part?

  /// Zeros; `nil` when there is no memory.
  init?(byteCount: Int) {
    guard let memory = LargePages.allocate(byteCount) else { return nil }
    (base, self.byteCount, isFilled, part) = (memory, byteCount, false, nil)
  }

  /// What was packed before, in large pages: through pages of a file weights of gigabytes take 6 % longer to walk. `nil`
  /// when it cannot be read.
  init?(reading part: PackedFile.Part, threads: Int) {
    guard let memory = LargePages.allocate(part.byteCount) else { return nil }
    guard Reading(part, memory).run(threads: threads) else {
      LargePages.free(memory, part.byteCount)
      return nil
    }
    (base, byteCount, isFilled, self.part) = (memory, part.byteCount, true, nil)
  }

  /// Read-only pages of a file; `nil` when they cannot be mapped.
  ///
  /// As with a model's file, somebody who cuts the file short meanwhile ends the process. This program removes such
  /// files, but never writes to one.
  init?(mapping part: PackedFile.Part) {
    let memory = mmap(nil, part.byteCount, PROT_READ, MAP_SHARED, part.file.descriptor, off_t(part.offset))
    guard let memory, memory != MAP_FAILED else { return nil }
    (base, byteCount, isFilled, self.part) = (memory, part.byteCount, true, part)
  }

  deinit {
    if part == nil { LargePages.free(base, byteCount) } else { munmap(base, byteCount) }
  }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: byteCount) }

  /// The addresses of a file's pages, from the beginning of one to the end of one; `nil` for memory of its own.
  var mappedPages: Range<UInt>? {
    guard part != nil else { return nil }
    let start = UInt(bitPattern: base), page = MappedPages.pageByteCount
    return start..<(start + UInt(byteCount) + page - 1) / page * page
  }

  /// A part of a file that several threads read a piece of at a time, each piece as long as a large page.
  private final class Reading: Sendable {
    private let part: PackedFile.Part
    private let address: UInt
    private let hasFailed = Atomic(false)

    init(_ part: PackedFile.Part, _ memory: UnsafeMutableRawPointer) {
      (self.part, address) = (part, UInt(bitPattern: memory))
    }

    /// - Returns: whether all is there.
    func run(threads: Int) -> Bool {
      let pieces = (part.byteCount + LargePages.size - 1) / LargePages.size
      withExtendedLifetime(self) {
        Threads.parallel(
          Int32(threads), pieces,
          { Unmanaged<Reading>.fromOpaque($0!).takeUnretainedValue().read(piece: $1) },
          Unmanaged.passUnretained(self).toOpaque())
      }
      return !hasFailed.load(ordering: .relaxed)
    }

    private func read(piece: Int) {
      let memory = UnsafeMutableRawPointer(bitPattern: address)!
      var place = piece * LargePages.size
      let end = min(place + LargePages.size, part.byteCount)
      while place < end {
        let count = pread(part.file.descriptor, memory + place, end - place, off_t(part.offset + place))
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return hasFailed.store(true, ordering: .relaxed) }
        place += count
      }
    }
  }
}
