import Glibc
import OneiroGraph

/// What a kernel packs a constant into: memory of its own, or pages of a file in which that was packed before.
final class PackedMemory: @unchecked Sendable {
  // Sendable: the kernel writes before anyone else sees it.
  let base: UnsafeMutableRawPointer
  let byteCount: Int
  /// Where the bytes are in a file; `nil`: nowhere.
  let part: PackedFile.Part?

  /// Zeros; `nil` when there is no memory.
  init?(byteCount: Int) {
    guard let memory = LargePages.allocate(byteCount) else { return nil }
    (base, self.byteCount, part) = (memory, byteCount, nil)
  }

  /// Read-only pages of a file; `nil` when they cannot be mapped.
  ///
  /// As with a model's file, somebody who cuts the file short meanwhile ends the process. This program removes such
  /// files, but never writes to one.
  init?(_ part: PackedFile.Part) {
    let memory = mmap(nil, part.byteCount, PROT_READ, MAP_SHARED, part.file.descriptor, off_t(part.offset))
    guard let memory, memory != MAP_FAILED else { return nil }
    (base, byteCount, self.part) = (memory, part.byteCount, part)
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
}
