import OneiroGraph

/// NumPy's archive of named arrays: a zip file of npy files. Entries that are stored as they are (`numpy.savez`) can be
/// read; compressed ones (`numpy.savez_compressed`) are refused.
public enum NpzFile {
  /// The arrays by name, without the ending ".npy".
  public static func read(_ path: String) throws(GraphError) -> [String: Tensor] {
    try MappedFile(path).withBytes { (bytes) throws(GraphError) in try parse(bytes, name: path) }
  }

  static func parse(_ bytes: UnsafeRawBufferPointer, name: String) throws(GraphError) -> [String: Tensor] {
    var arrays: [String: Tensor] = [:]
    for entry in try ZipDirectory(bytes, name: name).entries {
      guard entry.isStored else {
        throw .invalid(file: name, "array \"\(entry.name)\"", "is compressed; numpy.savez writes archives that are not")
      }
      let array = entry.name.hasSuffix(".npy") ? String(entry.name.dropLast(4)) : entry.name
      arrays[array] = try NpyFile.parse(
        UnsafeRawBufferPointer(rebasing: bytes[entry.range]), name: "\(name)[\(entry.name)]")
    }
    return arrays
  }
}

/// Where the entries of a zip file lie, by its central directory. Archives past 4 GB (zip64) included.
struct ZipDirectory {
  struct Entry {
    let name: String
    let isStored: Bool
    /// Where the bytes lie in the file.
    let range: Range<Int>
  }
  let entries: [Entry]

  init(_ bytes: UnsafeRawBufferPointer, name: String) throws(GraphError) {
    let fault = { (what: String) in GraphError.invalid(file: name, nil, "is no readable zip archive: \(what)") }
    func number(_ offset: Int, _ width: Int) throws(GraphError) -> Int {
      guard offset >= 0, offset <= bytes.count - width else { throw fault("it ends early") }
      let value = (offset..<offset + width).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64(bytes[$1]) }
      guard let number = Int(exactly: value) else { throw fault("an offset is too large") }
      return number
    }
    // The end record is 22 bytes before the end, or up to 64 KiB earlier when a comment follows it.
    let earliest = max(0, bytes.count - 22 - 65535)
    var end = bytes.count - 22
    while end >= earliest, try number(end, 4) != 0x0605_4b50 { end -= 1 }
    guard end >= earliest else { throw fault("it has no end record") }
    var count = try number(end + 10, 2), directory = try number(end + 16, 4)
    if count == 0xFFFF || directory == 0xFFFF_FFFF, end >= 20, try number(end - 20, 4) == 0x0706_4b50 {
      let record = try number(end - 12, 8)
      guard try number(record, 4) == 0x0606_4b50 else { throw fault("its zip64 record is missing") }
      count = try number(record + 32, 8)
      directory = try number(record + 48, 8)
    }
    var entries: [Entry] = []
    var at = directory
    for _ in 0..<count {
      guard try number(at, 4) == 0x0201_4b50 else { throw fault("its directory is broken") }
      let nameLength = try number(at + 28, 2), extraLength = try number(at + 30, 2),
        commentLength = try number(at + 32, 2)
      var size = try number(at + 20, 4), header = try number(at + 42, 4)
      let fullSize = try number(at + 24, 4)
      guard at + 46 + nameLength + extraLength + commentLength <= bytes.count else { throw fault("it ends early") }
      let entryName = String(decoding: bytes[(at + 46)..<(at + 46 + nameLength)], as: UTF8.self)
      // The zip64 extra field holds, in this order, those of full size, size and header offset that did not fit.
      var extra = at + 46 + nameLength
      let extraEnd = extra + extraLength
      while extra + 4 <= extraEnd {
        let id = try number(extra, 2), length = try number(extra + 2, 2)
        if id == 1 {
          var field = extra + 4
          if fullSize == 0xFFFF_FFFF { field += 8 }
          if size == 0xFFFF_FFFF {
            size = try number(field, 8)
            field += 8
          }
          if header == 0xFFFF_FFFF { header = try number(field, 8) }
        }
        extra += 4 + length
      }
      guard try number(header, 4) == 0x0403_4b50 else {
        throw fault("entry \"\(entryName)\" is not where the directory says")
      }
      let start = header + 30 + (try number(header + 26, 2)) + (try number(header + 28, 2))
      guard start <= bytes.count, size <= bytes.count - start else {
        throw fault("entry \"\(entryName)\" reaches past the end")
      }
      entries.append(Entry(name: entryName, isStored: try number(at + 10, 2) == 0, range: start..<start + size))
      at += 46 + nameLength + extraLength + commentLength
    }
    self.entries = entries
  }
}
