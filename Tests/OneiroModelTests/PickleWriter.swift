/// Pieces of a pickle, each of which leaves one value on the stack: what a training program, or somebody who means
/// harm, would write.
enum Pickle {
  static func file(_ value: [UInt8]) -> [UInt8] { [0x80, 2] + value + [0x2E] }

  static func number(_ value: Int, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
  static let none: [UInt8] = [0x4E]
  static func bool(_ value: Bool) -> [UInt8] { [value ? 0x88 : 0x89] }
  static func int(_ value: Int) -> [UInt8] { [0x8A, 8] + number(value, 8) }
  static func text(_ value: String) -> [UInt8] { [0x58] + number(value.utf8.count, 4) + Array(value.utf8) }
  static func bytes(_ value: [UInt8]) -> [UInt8] { [0x42] + number(value.count, 4) + value }
  static func tuple(_ items: [[UInt8]]) -> [UInt8] { [0x28] + items.flatMap { $0 } + [0x74] }
  static func tuple(_ items: [Int]) -> [UInt8] { tuple(items.map(int)) }
  static func list(_ items: [[UInt8]]) -> [UInt8] { [0x5D, 0x28] + items.flatMap { $0 } + [0x65] }
  static func dictionary(_ entries: [([UInt8], [UInt8])]) -> [UInt8] {
    [0x7D, 0x28] + entries.flatMap { $0.0 + $0.1 } + [0x75]
  }
  static func dictionary(_ entries: KeyValuePairs<String, [UInt8]>) -> [UInt8] {
    dictionary(entries.map { (text($0.key), $0.value) })
  }

  static func global(_ module: String, _ name: String) -> [UInt8] { [0x63] + Array("\(module)\n\(name)\n".utf8) }
  static func call(_ module: String, _ name: String, _ arguments: [[UInt8]]) -> [UInt8] {
    global(module, name) + tuple(arguments) + [0x52]
  }
  static func instance(_ module: String, _ name: String, _ arguments: [[UInt8]] = [], state: [UInt8]? = nil) -> [UInt8]
  {
    global(module, name) + tuple(arguments) + [0x81] + (state.map { $0 + [0x62] } ?? [])
  }

  static func storage(_ type: String, key: String, count: Int, part: [UInt8]? = nil) -> [UInt8] {
    let fields = [text("storage"), global("torch", type), text(key), text("cpu"), int(count)]
    return tuple(fields + (part.map { [$0] } ?? [])) + [0x51]
  }
  /// A tensor of `dims`, of a storage of exactly its size unless a count is given.
  static func tensor(
    type: String = "FloatStorage", key: String = "0", count: Int? = nil, offset: Int = 0, _ dims: [Int],
    strides: [Int]? = nil, part: [UInt8]? = nil
  ) -> [UInt8] {
    var plain: [Int] = [], stride = 1
    for extent in dims.reversed() {
      plain.insert(stride, at: 0)
      stride = stride &* extent
    }
    return call(
      "torch._utils", "_rebuild_tensor_v2",
      [
        storage(type, key: key, count: count ?? stride, part: part), int(offset), tuple(dims),
        tuple(strides ?? plain), bool(false), call("collections", "OrderedDict", []),
      ])
  }
}

/// A file of torch.save before torch 1.6.
enum LegacyTorch {
  static let magic: [UInt8] = [
    0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
  ]

  static func file(
    _ value: [UInt8], _ storages: [(key: String, count: Int, data: [UInt8])] = [], version: Int = 1001,
    isLittleEndian: Bool = true
  ) -> [UInt8] {
    let system = Pickle.dictionary([
      "protocol_version": Pickle.int(1001), "little_endian": Pickle.bool(isLittleEndian),
      "type_sizes": Pickle.dictionary([:] as KeyValuePairs),
    ])
    let pickles = [Pickle.int(version), system, value, Pickle.list(storages.map { Pickle.text($0.key) })]
    return magic + pickles.flatMap(Pickle.file) + storages.flatMap { Pickle.number($0.count, 8) + $0.data }
  }
}
