import OneiroGraph

/// Turns the objects of a pickle into values: a tree, with the tensors that the storages have for it.
struct TorchTree {
  let objects: [PickleObject]
  let storages: TorchStorages
  private let file: String
  /// Values of one tree that is written out: a pickle that holds a list twice in a list, and that twice in another,
  /// would otherwise name more values than there is time for.
  private let limit: Int
  private var made: [Made?]
  private var open: Set<Int> = []
  /// Keys and places from the root to where the tree is being built.
  private var path: [String] = []

  private struct Made {
    let value: TorchValue
    let count: Int
    /// How deep it is nested itself: a value that is there already may be put into another one.
    var depth = 1
  }

  /// Deeper than any settings are, and shallow enough for every thread's stack.
  private static let deepest = 100

  /// - byteCount: of the pickle.
  init(objects: [PickleObject], storages: TorchStorages, byteCount: Int) {
    self.objects = objects
    self.storages = storages
    file = storages.file.path
    limit = 16 * byteCount + 1_000_000
    made = Array(repeating: nil, count: objects.count)
  }

  mutating func value(_ root: PickleValue) throws(GraphError) -> TorchValue { try make(root).value }

  private mutating func make(_ value: PickleValue) throws(GraphError) -> Made {
    switch value {
    case .none: return Made(value: .none, count: 1)
    case .bool(let value): return Made(value: .bool(value), count: 1)
    case .int(let value): return Made(value: .int(value), count: 1)
    case .bigInt(let digits): return Made(value: .bigInt(digits), count: 1)
    case .double(let value): return Made(value: .double(value), count: 1)
    case .string(let text): return Made(value: .string(text), count: 1)
    case .bytes(let bytes): return Made(value: .bytes(bytes), count: 1)
    case .global(let global): return Made(value: .global(global.description), count: 1)
    case .object(let index): return try make(object: index)
    }
  }

  private mutating func make(object index: Int) throws(GraphError) -> Made {
    if let made = made[index] { return made }
    guard open.insert(index).inserted else { throw fault("holds itself") }
    guard open.count <= Self.deepest else { throw tooDeep }
    defer { open.remove(index) }
    let object = objects[index]
    var (count, depth) = (1, 1)
    let value: TorchValue
    switch object.kind {
    case .tuple: value = .tuple(try items(object, &count, &depth))
    case .list: value = .list(try items(object, &count, &depth))
    case .set: value = .set(try items(object, &count, &depth))
    case .dictionary: value = .dictionary(try entries(object, &count, &depth))
    case .record(let type):
      value = .record(
        TorchRecord(
          className: type.description, attributes: try entries(object, &count, &depth),
          items: try items(object, &count, &depth)))
    case .tensor(let view): value = .tensor(try storages.tensor(view, name: name))
    case .array(let tensor?): value = .tensor(CheckpointTensor(tensor))
    case .array(nil): throw fault("is a NumPy array without contents")
    case .storage: throw fault("is a storage without a tensor")
    case .dtype(let type): value = .global("numpy." + type.code)
    }
    guard count <= limit else { throw fault("holds more than \(limit) values when they are written out") }
    guard depth <= Self.deepest else { throw tooDeep }
    let made = Made(value: value, count: count, depth: depth)
    self.made[index] = made
    return made
  }

  private mutating func items(_ object: PickleObject, _ count: inout Int, _ depth: inout Int) throws(GraphError)
    -> [TorchValue]
  {
    var values: [TorchValue] = []
    values.reserveCapacity(object.items.count)
    for (place, item) in object.items.enumerated() {
      path.append("\(place)")
      let made = try make(item)
      path.removeLast()
      count += made.count
      depth = max(depth, made.depth + 1)
      values.append(made.value)
    }
    return values
  }

  private mutating func entries(_ object: PickleObject, _ count: inout Int, _ depth: inout Int) throws(GraphError)
    -> TorchDictionary
  {
    var entries: [(key: TorchValue, value: TorchValue)] = []
    entries.reserveCapacity(object.entries.count)
    for (key, value) in zip(object.entries.keys, object.entries.values) {
      let key = try make(key)
      path.append(key.value.keyText)
      let made = try make(value)
      path.removeLast()
      // Keys are hashed wherever the dictionary is written out: long ones count for more.
      count += key.count + made.count + key.value.keyText.utf8.count / 32
      depth = max(depth, key.depth + 1, made.depth + 1)
      entries.append((key.value, made.value))
    }
    return TorchDictionary(entries)
  }

  /// The name of the value that is being made: without the dictionary of tensors that it lies in.
  private var name: String {
    let isInside = path.count > 1 && TorchFile.tensorDictionaries.contains(path[0])
    return path.dropFirst(isInside ? 1 : 0).joined(separator: ".")
  }

  private var tooDeep: GraphError { fault("is nested more than \(Self.deepest) deep") }

  private func fault(_ what: String) -> GraphError {
    .invalid(file: file, path.isEmpty ? "the pickle's value" : "value \"\(path.joined(separator: "."))\"", what)
  }
}
