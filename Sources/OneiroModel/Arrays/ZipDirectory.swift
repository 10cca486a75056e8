import OneiroGraph

/// Where the entries of a zip file lie, by its central directory, archives past 4 GB (zip64) included:
/// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
///
///     (local header, data)… central directory, [zip64 end record, its locator,] end record
///
/// A directory that disagrees with the local headers is refused, and so are entries that share bytes: whoever reads the
/// local headers would see another archive.
struct ZipDirectory {
  struct Entry {
    let name: String
    /// Whether the bytes are the data itself, neither compressed nor encrypted.
    let isStored: Bool
    /// Where the bytes lie in the file.
    let range: Range<Int>
  }
  let entries: [Entry]

  /// - name: what errors call the bytes.
  init(_ bytes: UnsafeRawBufferPointer, name: String) throws(GraphError) {
    let reader = ZipReader(bytes: bytes, name: name)
    let end = try reader.endRecord()
    let directoryEnd = end.directory + end.directorySize
    // The smallest record of an entry takes 46 bytes, so that a huge count ends here and not in memory.
    guard end.count <= end.directorySize / 46 else {
      throw reader.fault("its directory of \(end.directorySize) bytes cannot hold \(end.count) entries")
    }
    var entries: [Entry] = []
    var taken: [(range: Range<Int>, name: String)] = []
    var names: Set<String> = []
    var at = end.directory
    for _ in 0..<end.count {
      let record = try reader.record(at: at, directoryEnd: directoryEnd)
      at = record.end
      guard names.insert(record.name).inserted else { throw reader.fault("entry \"\(record.name)\" is there twice") }
      let start = try reader.dataStart(of: record)
      guard start <= end.directory, record.size <= end.directory - start else {
        throw GraphError.mismatch(
          file: name, "entry \"\(record.name)\" of the zip archive", expected: "\(record.size) bytes from \(start)",
          found: "\(max(0, end.directory - start)) before the directory")
      }
      entries.append(Entry(name: record.name, isStored: record.isStored, range: start..<start + record.size))
      taken.append((record.header..<start + record.size, record.name))
    }
    guard at == directoryEnd else { throw reader.fault("its directory holds more than \(end.count) entries") }
    taken.sort { $0.range.lowerBound < $1.range.lowerBound }
    for (one, next) in zip(taken, taken.dropFirst()) where one.range.upperBound > next.range.lowerBound {
      throw reader.fault("entries \"\(one.name)\" and \"\(next.name)\" overlap")
    }
    self.entries = entries
  }

  /// Whether the bytes begin as an archive does: with a local header, or with the end record of an empty one.
  static func isZip(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.starts(with: [0x50, 0x4B, 3, 4]) || bytes.starts(with: [0x50, 0x4B, 5, 6])
  }
}

/// The records of a zip file, each checked against the size of the file before it is read.
struct ZipReader {
  let bytes: UnsafeRawBufferPointer
  let name: String

  func fault(_ what: String) -> GraphError { .invalid(file: name, nil, "is no readable zip archive: \(what)") }

  /// The little-endian number of `width` bytes at `offset`.
  func number(_ offset: Int, _ width: Int) throws(GraphError) -> Int {
    guard offset >= 0, offset <= bytes.count - width else { throw fault("it ends early") }
    let value = (offset..<offset + width).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64(bytes[$1]) }
    guard let number = Int(exactly: value) else { throw fault("an offset is too large") }
    return number
  }

  struct EndRecord {
    var count: Int, directorySize: Int, directory: Int
  }

  func endRecord() throws(GraphError) -> EndRecord {
    // The end record is 22 bytes before the end, or up to 64 KiB earlier when a comment follows it.
    let earliest = max(0, bytes.count - 22 - 65535)
    var end = bytes.count - 22
    while end >= earliest, try number(end, 4) != 0x0605_4b50 { end -= 1 }
    guard end >= earliest else {
      throw fault("\(bytes.count) bytes without an end record, as when only the beginning of a file was downloaded")
    }
    var record = EndRecord(
      count: try number(end + 10, 2), directorySize: try number(end + 12, 4), directory: try number(end + 16, 4))
    var limit = end
    if end >= 20, try number(end - 20, 4) == 0x0706_4b50 {
      limit = try number(end - 12, 8)
      // 56 bytes of the record, then the locator of 20.
      guard limit <= end - 76, try number(limit, 4) == 0x0606_4b50 else { throw fault("its zip64 record is missing") }
      let wide = EndRecord(
        count: try number(limit + 32, 8), directorySize: try number(limit + 40, 8),
        directory: try number(limit + 48, 8))
      guard record.count == 0xFFFF || record.count == wide.count,
        record.directorySize == 0xFFFF_FFFF || record.directorySize == wide.directorySize,
        record.directory == 0xFFFF_FFFF || record.directory == wide.directory
      else { throw fault("its two end records disagree") }
      record = wide
    }
    guard record.directory <= limit, record.directorySize <= limit - record.directory else {
      throw fault(
        "a directory of \(record.directorySize) bytes at \(record.directory) would run past byte \(limit), where it ends"
      )
    }
    return record
  }

  /// What the central directory says of one entry.
  struct Record {
    let name: String
    let flags: Int, method: Int
    /// Bytes in the archive, and after they are unpacked.
    var size: Int, fullSize: Int
    /// Where the local header lies.
    var header: Int
    /// Where the next record begins.
    let end: Int

    var isStored: Bool { method == 0 && flags & 1 == 0 && size == fullSize }
  }

  func record(at offset: Int, directoryEnd: Int) throws(GraphError) -> Record {
    guard offset <= directoryEnd - 46, try number(offset, 4) == 0x0201_4b50 else {
      throw fault("its directory is broken")
    }
    let nameLength = try number(offset + 28, 2), extraLength = try number(offset + 30, 2)
    let end = offset + 46 + nameLength + extraLength + (try number(offset + 32, 2))
    guard end <= directoryEnd else { throw fault("its directory is broken") }
    let extra = offset + 46 + nameLength
    var record = Record(
      name: String(decoding: bytes[offset + 46..<extra], as: UTF8.self), flags: try number(offset + 8, 2),
      method: try number(offset + 10, 2), size: try number(offset + 20, 4), fullSize: try number(offset + 24, 4),
      header: try number(offset + 42, 4), end: end)
    // The zip64 field holds, in this order, those that did not fit.
    var wide = try zip64Field(extra..<extra + extraLength, entry: record.name)
    if record.fullSize == 0xFFFF_FFFF { record.fullSize = try wide.next() }
    if record.size == 0xFFFF_FFFF { record.size = try wide.next() }
    if record.header == 0xFFFF_FFFF { record.header = try wide.next() }
    return record
  }

  /// Where the data of an entry begin, after its local header, which has to say the same of it as the directory.
  func dataStart(of record: Record) throws(GraphError) -> Int {
    let header = record.header
    guard header <= bytes.count - 30, try number(header, 4) == 0x0403_4b50 else {
      throw fault("entry \"\(record.name)\" is not where the directory says")
    }
    let nameLength = try number(header + 26, 2), extraLength = try number(header + 28, 2)
    let extra = header + 30 + nameLength, start = extra + extraLength
    guard start <= bytes.count else { throw fault("entry \"\(record.name)\" reaches past the end") }
    let localName = String(decoding: bytes[header + 30..<extra], as: UTF8.self)
    guard localName == record.name else {
      throw fault("entry \"\(record.name)\" is called \"\(localName)\" by its local header")
    }
    var size = try number(header + 18, 4), fullSize = try number(header + 22, 4)
    var wide = try zip64Field(extra..<start, entry: record.name)
    if fullSize == 0xFFFF_FFFF { fullSize = try wide.next() }
    if size == 0xFFFF_FFFF { size = try wide.next() }
    // Bit 3: sizes follow the data, and the local header may leave them at zero.
    let areLeftOpen = try number(header + 6, 2) & 8 != 0 && size == 0 && fullSize == 0
    guard areLeftOpen || (size == record.size && fullSize == record.fullSize) else {
      throw GraphError.mismatch(
        file: name, "entry \"\(record.name)\" of the zip archive",
        expected: "\(record.size) bytes because the directory says so", found: "\(size) in its local header")
    }
    guard try number(header + 8, 2) == record.method else {
      throw fault("entry \"\(record.name)\" is packed in another way than the directory says")
    }
    return start
  }

  /// The numbers of 8 bytes of a zip64 extra field (id 1), one after the other.
  private struct Zip64Field {
    let reader: ZipReader
    let entry: String
    var range: Range<Int>

    mutating func next() throws(GraphError) -> Int {
      guard range.count >= 8 else { throw reader.fault("entry \"\(entry)\" has no 64-bit size") }
      defer { range = range.lowerBound + 8..<range.upperBound }
      return try reader.number(range.lowerBound, 8)
    }
  }

  private func zip64Field(_ extra: Range<Int>, entry: String) throws(GraphError) -> Zip64Field {
    var at = extra.lowerBound
    while at <= extra.upperBound - 4 {
      let length = try number(at + 2, 2)
      let end = min(at + 4 + length, extra.upperBound)
      if try number(at, 2) == 1 { return Zip64Field(reader: self, entry: entry, range: at + 4..<end) }
      at = end
    }
    return Zip64Field(reader: self, entry: entry, range: extra.upperBound..<extra.upperBound)
  }
}
