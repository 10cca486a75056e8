import COnnx
import OneiroGraph

/// Turns unpacked messages into the graph's own types, of which nothing points into a message. One is made for each
/// file.
struct MessageReader {
  /// `nil`: external data is refused, as there is no folder that it could lie in.
  let externalData: ExternalData?

  /// A text field. protobuf-c ends strings with a zero byte, and the scan has refused those that hold one.
  func text(_ field: UnsafePointer<CChar>?, _ what: String) throws(GraphError) -> String {
    guard let field else { return "" }
    guard let text = String(validatingCString: field) else {
      throw .mismatch(what, expected: "UTF-8", found: "\"\(String(cString: field))\"")
    }
    return text
  }

  func texts(
    _ count: Int, _ fields: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, _ what: String
  ) throws(GraphError) -> [String] {
    try UnsafeBufferPointer(start: fields, count: count).map { (field) throws(GraphError) in try text(field, what) }
  }

  func entries(
    _ count: Int, _ fields: UnsafeMutablePointer<UnsafeMutablePointer<Onnx__StringStringEntryProto>?>?, _ what: String
  ) throws(GraphError) -> [(key: String, value: String)] {
    try messages(count, fields).map { (entry) throws(GraphError) in
      (try text(entry.pointee.key, what), try text(entry.pointee.value, what))
    }
  }

  /// Metadata; of two entries with the same key the later one counts.
  func dictionary(
    _ count: Int, _ fields: UnsafeMutablePointer<UnsafeMutablePointer<Onnx__StringStringEntryProto>?>?, _ what: String
  ) throws(GraphError) -> [String: String] {
    Dictionary(try entries(count, fields, what).map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
  }

  func elementType(_ number: Int32, _ what: String) throws(GraphError) -> ElementType {
    guard let type = ElementType(rawValue: number) else {
      throw .mismatch(
        what, expected: "an element type from 1 to \(ElementType.allCases.map(\.rawValue).max()!)", found: "\(number)")
    }
    return type
  }
}
