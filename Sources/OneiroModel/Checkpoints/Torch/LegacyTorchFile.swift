import OneiroGraph

/// The container of `torch.save` before torch 1.6, in which the data set of DreamDiffusion is stored:
///
///     pickles: a number, protocol 1001, {little_endian, …}, the object, the list of storage keys
///     for each key in that order: element count (int64), elements
///
/// The elements lie where the pickles happen to end, at no alignment, so that they are copied when they are read.
enum LegacyTorchFile {
  /// Whether the bytes begin with the first pickle: the number 0x1950a86a20f9469cfc6c.
  static func isLegacy(_ bytes: UnsafeRawBufferPointer) -> Bool { bytes.starts(with: magic) }

  private static let magic: [UInt8] = [
    0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
  ]

  static func read(_ file: MappedFile) throws(GraphError) -> TorchValue {
    let path = file.path
    var at = magic.count
    let (version, _) = try readPickle(file, &at)
    guard version == .int(1001) else {
      throw .mismatch(file: path, "container of torch", expected: "protocol 1001", found: "another")
    }
    let (system, systemObjects) = try readPickle(file, &at)
    guard try littleEndian(system, systemObjects, path) else {
      throw .mismatch(file: path, "byte order", expected: "little-endian", found: "big-endian")
    }
    let start = at
    let (root, objects) = try readPickle(file, &at)
    let byteCount = at - start
    let keys = try storageKeys(file, &at)

    var sizes: [String: TorchStorage] = [:]
    for object in objects {
      guard case .storage(let storage) = object.kind else { continue }
      if let other = sizes.updateValue(storage, forKey: storage.key),
        other.count != storage.count || other.elementType != storage.elementType
      {
        throw .invalid(file: path, "storage \"\(storage.key)\"", "has two sizes")
      }
    }
    var storages = TorchStorages(file: file, ranges: [:])
    for key in keys {
      guard let storage = sizes[key], storages.ranges[key] == nil else {
        throw .invalid(
          file: path, "storage \"\(key)\"", sizes[key] == nil ? "belongs to no tensor" : "is listed twice")
      }
      guard at <= file.bytes.count - 8 else {
        // Cut short; whichever tensor needs it says so.
        at = file.bytes.count
        storages.ranges[key] = at..<at
        continue
      }
      let count = Int64(littleEndian: file.bytes.loadUnaligned(fromByteOffset: at, as: Int64.self))
      guard count == storage.count, let size = storage.elementType.byteCount(of: storage.count) else {
        throw .mismatch(
          file: path, "storage \"\(key)\" at byte \(at)", expected: "\(storage.count) elements", found: "\(count)")
      }
      at += 8
      let end = size <= file.bytes.count - at ? at + size : file.bytes.count
      storages.ranges[key] = at..<end
      at = end
    }
    var tree = TorchTree(objects: objects, storages: storages, byteCount: byteCount)
    return try tree.value(root)
  }

  private static func readPickle(_ file: MappedFile, _ at: inout Int) throws(GraphError) -> (
    PickleValue, [PickleObject]
  ) {
    var reader = PickleReader(file.bytes, from: at, file: file.path)
    let value = try reader.read()
    at = reader.at
    return (value, reader.objects)
  }

  private static func littleEndian(_ value: PickleValue, _ objects: [PickleObject], _ path: String) throws(GraphError)
    -> Bool
  {
    guard case .object(let index) = value,
      let place = objects[index].entries.keys.firstIndex(of: .string("little_endian")),
      case .bool(let isLittle) = objects[index].entries.values[place]
    else { throw .mismatch(file: path, "container of torch", expected: "a byte order", found: "none") }
    return isLittle
  }

  private static func storageKeys(_ file: MappedFile, _ at: inout Int) throws(GraphError) -> [String] {
    let start = at
    let (value, objects) = try readPickle(file, &at)
    guard case .object(let index) = value, case .list = objects[index].kind else {
      throw .mismatch(
        file: file.path, "pickle at byte \(start)", expected: "a list of storages", found: "something else")
    }
    var keys: [String] = []
    for item in objects[index].items {
      guard case .string(let key) = item else {
        throw .mismatch(
          file: file.path, "pickle at byte \(start)", expected: "keys of storages", found: "something else")
      }
      keys.append(key)
    }
    return keys
  }
}
