import Glibc

/// Bytes that never change once made: allocated here, joined from others when they are asked for, or borrowed from an
/// owner (a mapped file) that stays alive with them. Owned memory is aligned to 64 bytes, a cache line and the widest
/// vector.
public final class ByteStorage: @unchecked Sendable {
  // Sendable: the bytes are written by the initializer and only read afterwards. Joined ones are written by the first who
  // asks, behind a mutex, and set aside by whoever knows that nobody reads them meanwhile.
  /// Where the bytes are, or will be when they are asked for.
  public let address: UnsafeRawPointer
  public let byteCount: Int
  private let parts: JoinedParts?
  private let owner: AnyObject?
  private let origin: Origin
  /// Of all of the mapped file that the bytes are a part of; `nil` where that is not known.
  private let mapping: Range<UInt>?
  /// Where the bytes lie in a file, and which; `nil` where they come from none.
  public let filePart: FilePart?

  /// A file as it was when it was opened, and a place in it.
  public struct FilePart: Sendable {
    public let path: String
    public let identity: FileIdentity
    /// Bytes from the file's beginning.
    public let offset: Int

    public init(path: String, identity: FileIdentity, offset: Int) {
      (self.path, self.identity, self.offset) = (path, identity, offset)
    }
  }

  private enum Origin { case heap, pages, borrowed, file }

  /// Where the bytes are. Those of parts are joined by the first who asks.
  public var base: UnsafeRawPointer {
    parts?.fill(UnsafeMutableRawPointer(mutating: address))
    return address
  }

  public static let alignment = 64
  /// Storage of this size and more gets pages of its own, which go back to the system at once when it ends. In the
  /// heap, gigabytes of weights that pass by one after the other would leave gaps that nothing fits into.
  private static let pagesFrom = 1 << 20

  /// Memory of `byteCount` bytes, which `fill` writes.
  /// - filePart: what they are a copy of.
  public init<E: Error>(
    byteCount: Int, copying filePart: FilePart? = nil, fill: (UnsafeMutableRawBufferPointer) throws(E) -> Void
  ) throws(E) {
    precondition(byteCount >= 0)
    self.filePart = filePart
    let origin = byteCount >= Self.pagesFrom ? Origin.pages : .heap
    guard let memory = Self.allocate(byteCount, origin) else { fatalError("out of memory: \(byteCount) bytes") }
    do {
      try fill(UnsafeMutableRawBufferPointer(start: memory, count: byteCount))
    } catch {
      Self.free(memory, byteCount, origin)
      throw error
    }
    address = UnsafeRawPointer(memory)
    self.byteCount = byteCount
    owner = nil
    mapping = nil
    parts = nil
    self.origin = origin
  }

  /// The rows of several storages side by side: row i is row i of each part, one after the other. They are put together
  /// when somebody asks for them, and again by whoever does so after they were set aside; till then they take addresses,
  /// but no memory. The parts stay alive, and leave memory where they are pages of a file.
  /// - parts: each of as many bytes as `rows` equal rows have.
  public init(joining parts: [ByteStorage], rows: Int) {
    let joined = JoinedParts(parts, rows: rows)
    byteCount = joined.byteCount
    guard let memory = LargePages.allocate(byteCount) else { fatalError("out of memory: \(byteCount) bytes") }
    address = UnsafeRawPointer(memory)
    self.parts = joined
    owner = nil
    mapping = nil
    filePart = nil
    origin = .pages
  }

  private static func allocate(_ byteCount: Int, _ origin: Origin) -> UnsafeMutableRawPointer? {
    guard origin == .heap else { return LargePages.allocate(byteCount) }
    var memory: UnsafeMutableRawPointer?
    return posix_memalign(&memory, alignment, max(byteCount, 1)) == 0 ? memory : nil
  }

  private static func free(_ memory: UnsafeMutableRawPointer, _ byteCount: Int, _ origin: Origin) {
    switch origin {
    case .heap: Glibc.free(memory)
    case .pages: LargePages.free(memory, byteCount)
    case .borrowed, .file: break
    }
  }

  /// Memory that belongs to `owner`, which is kept alive.
  /// - isMappedFile: whether it is a read-only mapping of a file.
  /// - mapping: all of the mapping, where the memory is a part of one.
  /// - filePart: which part of the file.
  public init(
    borrowing base: UnsafeRawPointer, byteCount: Int, from owner: AnyObject, isMappedFile: Bool = false,
    mapping: UnsafeRawBufferPointer? = nil, filePart: FilePart? = nil
  ) {
    self.filePart = filePart
    self.mapping = mapping.map { UInt(bitPattern: $0.baseAddress)..<UInt(bitPattern: $0.baseAddress) + UInt($0.count) }
    address = base
    self.byteCount = byteCount
    self.owner = owner
    parts = nil
    origin = isMappedFile ? .file : .borrowed
  }

  /// Whether the bytes are pages of a file that is mapped.
  public var isMappedFile: Bool { origin == .file }

  /// Tells the system that the bytes of a mapped file will be needed soon.
  public func readAhead() { advise(MADV_WILLNEED) }

  /// Has the bytes of a mapped file in memory, where the system can do that.
  public func bringIn() {
    // MADV_POPULATE_READ, which Linux has from 5.14 on, and older headers have not.
    advise(22)
  }

  /// - advice: about all pages that bytes of a mapped file lie on.
  private func advise(_ advice: Int32) {
    let page = UInt(sysconf(Int32(_SC_PAGESIZE))), start = UInt(bitPattern: address) / page * page
    guard origin == .file, byteCount > 0, let memory = UnsafeMutableRawPointer(bitPattern: start) else { return }
    madvise(memory, Int(UInt(bitPattern: address) + UInt(byteCount) - start), advice)
  }

  /// What Linux brings into memory together around a byte of a mapped file that is touched, at most: 64 KiB of addresses
  /// (`fault_around_bytes`, where nobody has changed it), and with each page of those all that its cache keeps together
  /// with it (a large folio), up to 2 MiB at multiples of its size in the file.
  private static let window: UInt = 65_536, largestFolio: UInt = 2 << 20

  /// Addresses of all that may be in memory once the bytes of a mapped file have been read, whole pages; `nil` of other
  /// memory.
  public var neighbourhood: Range<UInt>? {
    guard origin == .file, byteCount > 0 else { return nil }
    let page = UInt(sysconf(Int32(_SC_PAGESIZE))), window = max(Self.window, page), folio = max(Self.largestFolio, page)
    let start = UInt(bitPattern: address), end = start + UInt(byteCount), mapping = mapping ?? start / page * page..<end
    let first = max(start / window * window, mapping.lowerBound) - mapping.lowerBound
    let last = (end + window - 1) / window * window - mapping.lowerBound
    let mappingEnd = (mapping.upperBound + page - 1) / page * page
    // A mapping begins with its file, and with a page.
    let lower = mapping.lowerBound + first / folio * folio
    return lower..<min(mapping.lowerBound + (last + folio - 1) / folio * folio, mappingEnd)
  }

  /// Tells the system that the bytes are not needed for now. Those of a mapped file leave memory, and are read anew by
  /// whoever touches them again. Joined ones leave it too, and are there again for whoever asks for `base`. Others stay.
  /// - withNeighbourhood: also what may have come into memory around them.
  public func setAside(withNeighbourhood: Bool = false) {
    parts?.drop(UnsafeMutableRawPointer(mutating: address))
    guard origin == .file else { return }
    let page = UInt(sysconf(Int32(_SC_PAGESIZE))), start = UInt(bitPattern: address)
    var first = (start + page - 1) / page * page, end = (start + UInt(byteCount)) / page * page
    if withNeighbourhood, let neighbourhood { (first, end) = (neighbourhood.lowerBound, neighbourhood.upperBound) }
    guard first < end, let memory = UnsafeMutableRawPointer(bitPattern: first) else { return }
    madvise(memory, Int(end - first), MADV_DONTNEED)
  }

  deinit { Self.free(UnsafeMutableRawPointer(mutating: address), byteCount, origin) }

  public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: byteCount) }
}
