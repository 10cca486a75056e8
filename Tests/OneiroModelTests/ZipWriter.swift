/// A zip archive of stored entries whose records can be made to lie.
struct ZipWriter {
  struct Entry {
    var name: String
    var data: [UInt8]
    var method = 0, flags = 0
    /// What the local header says, where it is not the truth.
    var localName: String?
    var localSize: Int?
    /// What the directory says, where it is not the truth.
    var size: Int?
    var offset: Int?

    init(_ name: String, _ data: [UInt8]) { (self.name, self.data) = (name, data) }
  }
  var entries: [Entry]
  var count: Int?
  var directorySize: Int?
  var directoryOffset: Int?
  /// Whether sizes, offsets and the end record have 64 bits.
  var isZip64 = false

  init(_ entries: [Entry]) { self.entries = entries }

  /// A file of torch.save.
  init(torch pickle: [UInt8], _ storages: KeyValuePairs<String, [UInt8]> = [:], top: String = "archive") {
    entries =
      [Entry("\(top)/data.pkl", Pickle.file(pickle)), Entry("\(top)/byteorder", Array("little".utf8))]
      + storages.map { Entry("\(top)/data/\($0.key)", $0.value) }
  }

  var bytes: [UInt8] {
    var file: [UInt8] = [], directory: [UInt8] = []
    for entry in entries {
      let offset = entry.offset ?? file.count
      let local = entry.localName ?? entry.name
      file += number(0x0403_4b50, 4) + head(entry) + sizes(entry.localSize ?? entry.data.count)
      file += number(local.utf8.count, 2) + number(isZip64 ? 20 : 0, 2) + Array(local.utf8)
      if isZip64 { file += number(1, 2) + number(16, 2) + wide(entry.localSize ?? entry.data.count) }
      file += entry.data
      directory += number(0x0201_4b50, 4) + number(45, 2) + head(entry) + sizes(entry.size ?? entry.data.count)
      directory += number(entry.name.utf8.count, 2) + number(isZip64 ? 28 : 0, 2) + number(0, 10)
      directory += number(isZip64 ? 0xFFFF_FFFF : offset, 4) + Array(entry.name.utf8)
      if isZip64 {
        directory += number(1, 2) + number(24, 2) + wide(entry.size ?? entry.data.count) + number(offset, 8)
      }
    }
    let start = directoryOffset ?? file.count, size = directorySize ?? directory.count
    let count = count ?? entries.count
    file += directory
    if isZip64 {
      let record = file.count
      file += number(0x0606_4b50, 4) + number(44, 8) + number(45, 2) + number(45, 2) + number(0, 8)
      file += number(count, 8) + number(count, 8) + number(size, 8) + number(start, 8)
      file += number(0x0706_4b50, 4) + number(0, 4) + number(record, 8) + number(1, 4)
    }
    file += number(0x0605_4b50, 4) + number(0, 4) + number(isZip64 ? 0xFFFF : count, 2)
    file += number(isZip64 ? 0xFFFF : count, 2) + number(isZip64 ? 0xFFFF_FFFF : size, 4)
    return file + number(isZip64 ? 0xFFFF_FFFF : start, 4) + number(0, 2)
  }

  /// Version, flags, method, time, checksum: the same in both records.
  private func head(_ entry: Entry) -> [UInt8] {
    number(45, 2) + number(entry.flags, 2) + number(entry.method, 2) + number(0, 8)
  }
  private func sizes(_ size: Int) -> [UInt8] {
    isZip64 ? number(0xFFFF_FFFF, 4) + number(0xFFFF_FFFF, 4) : number(size, 4) + number(size, 4)
  }
  private func wide(_ size: Int) -> [UInt8] { number(size, 8) + number(size, 8) }
  private func number(_ value: Int, _ width: Int) -> [UInt8] { Pickle.number(value, width) }
}
