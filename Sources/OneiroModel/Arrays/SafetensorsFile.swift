import OneiroGraph

/// The tensors of a safetensors file: https://github.com/huggingface/safetensors
///
///     header length (uint64) header (JSON) data
///     header: {"name": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}
///
/// The file is mapped: a tensor's elements are read when they are used.
public struct SafetensorsFile: Sendable {
  public let tensors: [String: Tensor]
  /// The free key-value pairs of the header ("__metadata__").
  public let metadata: [String: String]

  public init(tensors: [String: Tensor], metadata: [String: String] = [:]) {
    self.tensors = tensors
    self.metadata = metadata
  }

  /// The names that the format has for element types; it has none for the others.
  static let codes: [(code: String, type: ElementType)] = [
    ("F64", .float64), ("F32", .float32), ("F16", .float16), ("BF16", .bfloat16), ("I64", .int64), ("I32", .int32),
    ("I16", .int16), ("I8", .int8), ("U64", .uint64), ("U32", .uint32), ("U16", .uint16), ("U8", .uint8),
    ("BOOL", .bool),
    ("F8_E4M3", .float8e4m3fn), ("F8_E5M2", .float8e5m2),
  ]
}

extension SafetensorsFile {
  public init(contentsOf path: String) throws(GraphError) {
    let file = try MappedFile(path)
    let header = try SafetensorsHeader(file)
    let tensors = header.entries.map { ($0.name, $0.tensor(of: file)) }
    self.init(tensors: Dictionary(uniqueKeysWithValues: tensors), metadata: header.metadata)
  }
}

extension SafetensorsFile {
  /// Writes the tensors in the order of their names, with data that begins at a multiple of 64 bytes.
  public func write(to path: String) throws(GraphError) { try finished(at: path).commit() }

  /// The same as a file that has no name yet.
  func finished(at path: String) throws(GraphError) -> FinishedFile {
    var entries: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key < $1.key }.map { "\(Self.quoted($0.key)):\(Self.quoted($0.value))" }
      entries.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
    }
    let sorted = tensors.sorted { $0.key < $1.key }
    var offset = 0
    for (name, tensor) in sorted {
      guard let code = Self.codes.first(where: { $0.type == tensor.elementType })?.code, name != "__metadata__" else {
        let known = Self.codes.map(\.type.name).joined(separator: ", ")
        throw .mismatch(
          file: path, "tensor \"\(name)\"", expected: "an element type of \(known)", found: tensor.elementType.name)
      }
      let end = offset + tensor.bytes.count
      entries.append(
        "\(Self.quoted(name)):{\"dtype\":\"\(code)\",\"shape\":[\(tensor.dims.map(String.init).joined(separator: ","))],"
          + "\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var header = Array("{\(entries.joined(separator: ","))}".utf8)
    header += [UInt8](repeating: UInt8(ascii: " "), count: (64 - (8 + header.count) % 64) % 64)
    var file = try AtomicFile(path)
    try file.write(withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) })
    try file.write(header)
    for (_, tensor) in sorted { try file.write(tensor.bytes) }
    return try FinishedFile(file)
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
