import OneiroGraph

/// The zip container of `torch.save`:
///
///     TOP/data.pkl         the pickle
///     TOP/data/KEY         a storage, little-endian, stored as it is
///     TOP/byteorder        "little"; older writers leave it out
enum TorchArchive {
  static func read(_ file: MappedFile) throws(GraphError) -> TorchValue {
    let path = file.path
    let directory: ZipDirectory
    do {
      directory = try ZipDirectory(file.bytes, name: path)
    } catch {
      throw CutTorchArchive(file).fault() ?? error
    }
    let pickles = directory.entries.filter { isPickle($0.name) }
    guard let pickle = pickles.first, pickles.count == 1 else {
      throw .mismatch(
        file: path, "zip archive", expected: "one member FOLDER/data.pkl, as torch.save writes",
        found: pickles.isEmpty ? "none" : "\(pickles.count)")
    }
    guard pickle.isStored else { throw .invalid(file: path, "member \"\(pickle.name)\"", "is compressed") }
    let top = pickle.name.dropLast("data.pkl".count)
    var storages = TorchStorages(file: file, ranges: [:])
    for entry in directory.entries {
      if entry.name == top + "byteorder" {
        let order = String(decoding: file.bytes[entry.range].prefix(40), as: UTF8.self)
        guard order == "little" else {
          throw .mismatch(file: path, "member \"\(entry.name)\"", expected: "\"little\"", found: "\"\(order)\"")
        }
      }
      guard let key = storageKey(entry.name, top: top) else { continue }
      storages.ranges[key] = entry.range
      if !entry.isStored { storages.packed.insert(key) }
    }
    var reader = PickleReader(UnsafeRawBufferPointer(rebasing: file.bytes[pickle.range]), file: path)
    let root = try reader.read()
    var tree = TorchTree(objects: reader.objects, storages: storages, byteCount: pickle.range.count)
    return try tree.value(root)
  }

  static func isPickle(_ name: String) -> Bool {
    name.hasSuffix("/data.pkl") && name.utf8.count(where: { $0 == UInt8(ascii: "/") }) == 1
  }

  static func storageKey(_ name: String, top: Substring) -> String? {
    let prefix = top + "data/"
    return name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : nil
  }
}

/// A zip archive of which only the beginning is there, as after half a download. Its directory, at the end, is lost;
/// the local headers and the pickle, which comes first, tell which tensor the file ends in.
struct CutTorchArchive {
  let file: MappedFile
  private let reader: ZipReader

  init(_ file: MappedFile) {
    self.file = file
    reader = ZipReader(bytes: file.bytes, name: file.path)
  }

  /// What to say of the file; `nil` when it is none of torch, or whole.
  func fault() -> GraphError? {
    guard let end = try? reader.endRecord(), end.count >= 0 else { return try? findFault() }
    return nil
  }

  private func findFault() throws(GraphError) -> GraphError? {
    guard let (name, start) = try header(at: 0), TorchArchive.isPickle(name) else { return nil }
    let top = name.dropLast("data.pkl".count)
    var pickle = PickleReader(file.bytes, from: start, file: file.path)
    let root = try pickle.read()
    // What each storage takes, whether it is there or not.
    var sizes: [String: Int] = [:]
    for object in pickle.objects {
      guard case .storage(let storage) = object.kind else { continue }
      sizes[storage.key] = storage.elementType.byteCount(of: storage.count)
    }
    var storages = TorchStorages(file: file, ranges: [:])
    var at = pickle.at
    while let next = nextHeader(from: at), let (name, start) = try header(at: next) {
      at = start
      guard let key = TorchArchive.storageKey(name, top: top), let size = sizes[key] else { continue }
      let end = size <= file.bytes.count - start ? start + size : file.bytes.count
      storages.ranges[key] = start..<end
      at = end
    }
    for key in sizes.keys where storages.ranges[key] == nil {
      storages.ranges[key] = file.bytes.count..<file.bytes.count
    }
    var tree = TorchTree(objects: pickle.objects, storages: storages, byteCount: pickle.at - start)
    do {
      _ = try tree.value(root)
      return nil
    } catch {
      return error
    }
  }

  private func header(at offset: Int) throws(GraphError) -> (name: String, start: Int)? {
    guard offset <= file.bytes.count - 30, try reader.number(offset, 4) == 0x0403_4b50 else { return nil }
    let nameEnd = offset + 30 + (try reader.number(offset + 26, 2))
    let start = nameEnd + (try reader.number(offset + 28, 2))
    guard start <= file.bytes.count else { return nil }
    return (String(decoding: file.bytes[offset + 30..<nameEnd], as: UTF8.self), start)
  }

  /// The next local header: a descriptor of up to 24 bytes, or a small member, lies before it.
  private func nextHeader(from offset: Int) -> Int? {
    let end = min(file.bytes.count - 30, offset + 4096)
    guard offset <= end else { return nil }
    return (offset...end).first {
      UnsafeRawBufferPointer(rebasing: file.bytes[$0...]).starts(with: [0x50, 0x4B, 3, 4])
    }
  }
}
