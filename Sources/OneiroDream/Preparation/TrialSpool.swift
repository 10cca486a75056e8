import Foundation
import Glibc
import OneiroGraph

/// Room for prepared trials: a file without a name, mapped, so that ten thousand trials need not be in memory. It goes
/// with the last tensor that lies in it, and with the process.
final class TrialSpool: @unchecked Sendable {
  // Sendable: rows are written before anybody else has a tensor of it.
  private let memory: UnsafeMutableRawBufferPointer
  private let dims: [Int]
  /// Bytes that were written since the last ones left memory.
  private var fresh = 0
  /// So many at most.
  private static let mostFresh = 1 << 26

  /// - dims: of float32; the first counts the trials.
  init(dims: [Int]) throws(DreamError) {
    guard let count = Tensor.elementCount(dims), !count.multipliedReportingOverflow(by: 4).overflow, count > 0 else {
      throw .mismatch(at: "trials", expected: "a number that can be counted", found: "\(dims)")
    }
    let folder = FileManager.default.temporaryDirectory.path, byteCount = count * 4
    var name = Array("\(folder)/oneiro-trials-XXXXXX".utf8CString)
    let descriptor = mkstemp(&name)
    guard descriptor >= 0 else { throw Self.failure(folder, byteCount) }
    unlink(name)
    defer { close(descriptor) }
    // Allocated now: a full disk is an error here, and later would be a signal.
    guard posix_fallocate(descriptor, 0, byteCount) == 0,
      let base = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), base != MAP_FAILED
    else { throw Self.failure(folder, byteCount) }
    memory = UnsafeMutableRawBufferPointer(start: base, count: byteCount)
    self.dims = dims
  }

  private static func failure(_ folder: String, _ byteCount: Int) -> DreamError {
    .file(folder, reason: "no room for \(byteCount) bytes of prepared trials (TMPDIR names another folder)")
  }

  deinit { munmap(memory.baseAddress, memory.count) }

  /// Puts a trial in its place.
  func write(_ trial: Tensor, row: Int) {
    let size = memory.count / dims[0]
    precondition(trial.elementType == .float32 && trial.bytes.count == size)
    withExtendedLifetime(trial) {
      UnsafeMutableRawBufferPointer(rebasing: memory[row * size..<(row + 1) * size]).copyMemory(from: trial.bytes)
    }
    fresh += size
    guard fresh >= Self.mostFresh else { return }
    fresh = 0
    // The file keeps what the mapping lets go.
    madvise(memory.baseAddress, memory.count, MADV_DONTNEED)
  }

  /// All of it.
  func tensor() -> Tensor {
    Tensor(
      .float32, dims: dims,
      storage: ByteStorage(
        borrowing: UnsafeRawPointer(memory.baseAddress!), byteCount: memory.count, from: self, isMappedFile: true))
  }
}
