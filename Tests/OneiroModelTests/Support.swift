import Foundation
import OneiroGraph
import OneiroModel
import Testing

/// Fields of a protobuf message, written by hand: what a hostile file would hold.
enum Wire {
  static func varint(_ value: UInt64) -> [UInt8] {
    value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7F) | 0x80] + varint(value >> 7)
  }
  static func int(_ field: UInt64, _ value: Int64) -> [UInt8] { varint(field << 3) + varint(UInt64(bitPattern: value)) }
  static func bytes(_ field: UInt64, _ value: [UInt8]) -> [UInt8] {
    varint(field << 3 | 2) + varint(UInt64(value.count)) + value
  }
  static func text(_ field: UInt64, _ value: String) -> [UInt8] { bytes(field, Array(value.utf8)) }

  /// A model at opset 17 whose graph holds `graph`, fields of a GraphProto.
  static func model(_ graph: [UInt8], irVersion: Int64 = 8, opset: Int64 = 17) -> [UInt8] {
    int(1, irVersion) + bytes(8, text(1, "") + int(2, opset)) + bytes(7, text(2, "g") + graph)
  }
  /// A model with one initializer "W"; `fields` are those of its TensorProto besides the name.
  static func model(initializer fields: [UInt8]) -> [UInt8] { model(bytes(5, text(8, "W") + fields)) }

  static func external(_ location: String, offset: String? = nil, length: String? = nil) -> [UInt8] {
    func entry(_ key: String, _ value: String) -> [UInt8] { bytes(13, text(1, key) + text(2, value)) }
    return entry("location", location) + (offset.map { entry("offset", $0) } ?? [])
      + (length.map { entry("length", $0) } ?? [])
      + int(14, 1)
  }
}

/// A tensor's memory; the tensor lives until it is copied.
func bytes(of tensor: Tensor) -> [UInt8] { withExtendedLifetime(tensor) { Array(tensor.bytes) } }

/// The description of the error that `body` throws, "" when it throws none.
func message(_ body: () throws -> Void) -> String {
  do {
    try body()
    return ""
  } catch {
    return "\(error)"
  }
}
