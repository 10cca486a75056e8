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
  /// when there is no memory.
  /// - Throws: when it cannot be read, or is not what was written.
  init?(reading part: PackedFile.Part, threads: Int) throws(Damage) {
    guard let memory = LargePages.allocate(part.byteCount) else { return nil }
    guard Pieces(part, memory, isRead: true).areIntact(threads: threads) else {
      LargePages.free(memory, part.byteCount)
      throw Damage()
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

  /// Whether pages of a file are what was written there, all of which are in memory afterwards.
  func isIntact(threads: Int) -> Bool {
    part.map { Pieces($0, base, isRead: false).areIntact(threads: threads) } ?? true
  }

  /// A part of a file that is not what was written there.
  struct Damage: Error {}

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

  /// A part of a file that several threads go over, a piece at a time, each as long as a large page.
  private final class Pieces: @unchecked Sendable {
    // Sendable: each piece has a place of its own for its checksum.
    private let part: PackedFile.Part
    private let memory: UnsafeMutableRawPointer
    /// Whether the file is to be read into the memory, which else is pages of it.
    private let isRead: Bool
    private let checksums: UnsafeMutableBufferPointer<UInt64>
    private let hasFailed = Atomic(false)

    init(_ part: PackedFile.Part, _ memory: UnsafeMutableRawPointer, isRead: Bool) {
      (self.part, self.memory, self.isRead) = (part, memory, isRead)
      let size = PackedChecksum.pieceByteCount
      checksums = .allocate(capacity: (part.byteCount + size - 1) / size)
      checksums.initialize(repeating: 0)
    }

    deinit { checksums.deallocate() }

    /// - Returns: whether all is there, as it was written.
    func areIntact(threads: Int) -> Bool {
      withExtendedLifetime(self) {
        Threads.parallel(
          Int32(threads), checksums.count,
          { Unmanaged<Pieces>.fromOpaque($0!).takeUnretainedValue().take(piece: $1) },
          Unmanaged.passUnretained(self).toOpaque())
        return !hasFailed.load(ordering: .relaxed) && PackedChecksum.combine(Array(checksums)) == part.checksum
      }
    }

    private func take(piece: Int) {
      let start = piece * PackedChecksum.pieceByteCount
      let end = min(start + PackedChecksum.pieceByteCount, part.byteCount)
      guard !isRead || read(start..<end) else { return hasFailed.store(true, ordering: .relaxed) }
      checksums[piece] = PackedChecksum.ofPiece(UnsafeRawBufferPointer(start: memory + start, count: end - start))
    }

    private func read(_ bytes: Range<Int>) -> Bool {
      var place = bytes.lowerBound
      while place < bytes.upperBound {
        let count = pread(part.file.descriptor, memory + place, bytes.upperBound - place, off_t(part.offset + place))
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return false }
        place += count
      }
      return true
    }
  }
}
