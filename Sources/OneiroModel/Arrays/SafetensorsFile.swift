import Foundation
import OneiroGraph

/// The tensors of a safetensors file: https://github.com/huggingface/safetensors
///
///     header length (uint64) header (JSON) data        header: {"name": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}
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
  /// The limit that the format itself sets.
  private static let longestHeader = 100_000_000

  public init(contentsOf path: String) throws(GraphError) {
    let file = try MappedFile(path)
    defer { withExtendedLifetime(file) {} }
    guard file.bytes.count >= 8 else {
      throw .mismatch(file: path, nil, expected: "a safetensors file", found: "\(file.bytes.count) bytes")
    }
    let length = UInt64(littleEndian: file.bytes.loadUnaligned(as: UInt64.self))
    guard length <= UInt64(min(file.bytes.count - 8, Self.longestHeader)) else {
      throw .mismatch(
        file: path, "safetensors header", expected: "at most \(min(file.bytes.count - 8, Self.longestHeader)) bytes",
        found: "\(length)")
    }
    let dataStart = 8 + Int(length)
    let header: [String: HeaderEntry]
    do {
      header = try JSONDecoder().decode([String: HeaderEntry].self, from: Data(file.bytes[8..<dataStart]))
    } catch {
      throw .invalid(file: path, "safetensors header", "is not what the format asks for: \(Self.reason(error))")
    }
    var metadata: [String: String] = [:]
    var tensors: [String: Tensor] = [:]
    var taken: [(range: Range<Int>, name: String)] = []
    for (name, entry) in header {
      switch entry {
      case .metadata(let pairs):
        guard name == "__metadata__" else {
          throw .invalid(file: path, "tensor \"\(name)\"", "has no dtype, shape and offsets")
        }
        metadata = pairs
      case .tensor(let dtype, let dims, let offsets):
        let what = "tensor \"\(name)\""
        guard let type = Self.codes.first(where: { $0.code == dtype })?.type else {
          let known = Self.codes.map(\.code).joined(separator: ", ")
          throw .mismatch(file: path, what, expected: "a dtype of \(known)", found: "\"\(dtype.prefix(40))\"")
        }
        guard let count = Tensor.elementCount(dims), let byteCount = type.byteCount(of: count) else {
          throw .mismatch(
            file: path, what, expected: "extents from 0 up whose product can be counted", found: "\(dims)")
        }
        let dataCount = file.bytes.count - dataStart
        guard offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1], offsets[1] <= dataCount else {
          throw .mismatch(file: path, what, expected: "data_offsets in 0 ... \(dataCount)", found: "\(offsets)")
        }
        guard offsets[1] - offsets[0] == byteCount else {
          throw .mismatch(
            file: path, what, expected: "\(byteCount) bytes", found: "\(offsets[1] - offsets[0])",
            because: "the shape is \(type.name)\(dims)")
        }
        if byteCount > 0 { taken.append((offsets[0]..<offsets[1], name)) }
        let range = dataStart + offsets[0]..<dataStart + offsets[1]
        let storage = file.storage(range, alignment: max(type.bitWidth / 8, 1))
        tensors[name] = Tensor(type, dims: dims, storage: storage).withBoolsNormalised()
      }
    }
    taken.sort { $0.range.lowerBound < $1.range.lowerBound }
    for (one, next) in zip(taken, taken.dropFirst()) where one.range.upperBound > next.range.lowerBound {
      throw .invalid(file: path, "tensor \"\(next.name)\"", "overlaps with tensor \"\(one.name)\"")
    }
    self.init(tensors: tensors, metadata: metadata)
  }

  /// What the header says of one name.
  private enum HeaderEntry: Decodable {
    case tensor(dtype: String, dims: [Int], offsets: [Int])
    case metadata([String: String])

    private enum CodingKeys: String, CodingKey {
      case dtype, shape
      case offsets = "data_offsets"
    }

    init(from decoder: any Decoder) throws {
      // Metadata has other keys and text values alone.
      guard decoder.codingPath.last?.stringValue != "__metadata__" else {
        self = .metadata(try decoder.singleValueContainer().decode([String: String].self))
        return
      }
      let fields = try decoder.container(keyedBy: CodingKeys.self)
      self = .tensor(
        dtype: try fields.decode(String.self, forKey: .dtype), dims: try fields.decode([Int].self, forKey: .shape),
        offsets: try fields.decode([Int].self, forKey: .offsets))
    }
  }

  private static func reason(_ error: any Error) -> String {
    switch error {
    case DecodingError.dataCorrupted(let context), DecodingError.typeMismatch(_, let context),
      DecodingError.valueNotFound(_, let context), DecodingError.keyNotFound(_, let context):
      let place = context.codingPath.map(\.stringValue).joined(separator: ".")
      return (place.isEmpty ? "" : "\(place.prefix(80)): ") + context.debugDescription
    default: return "\(error)"
    }
  }
}

extension SafetensorsFile {
  /// Writes the tensors in the order of their names, with data that begins at a multiple of 64 bytes.
  public func write(to path: String) throws(GraphError) {
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
    try file.commit()
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
