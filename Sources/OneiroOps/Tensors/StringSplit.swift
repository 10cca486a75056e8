import OneiroGraph

/// StringSplit, ai.onnx opset 20: https://onnx.ai/onnx/operators/onnx__StringSplit.html
///
/// The parts of each string along a new last axis, filled up with empty strings, and how many parts there are. Cut at
/// `delimiter`, or at runs of white space when it is empty or left out; at most `maxsplit` times.
public enum StringSplit: Operator {
  public static let schema = OpSchema(
    "StringSplit", since: 20, inputs: [.one("X", "T1")], outputs: [.one("Y", "T2"), .one("Z", "T3")],
    attributes: [.string("delimiter"), .int("maxsplit")], types: ["T1": .string, "T2": .string, "T3": .int64])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let shape = try node.shape(0)
    return [.tensor(.string, shape.map { $0 + [.unknown] }), .tensor(.int64, shape)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let x = try call.tensor(0), delimiter = call.attributes.string("delimiter")
    // A negative limit is none, as in Python.
    let limit = call.attributes.optionalInt("maxsplit").flatMap { $0 < 0 ? nil : $0 } ?? .max
    let parts = x.strings.map { delimiter.isEmpty ? words($0, limit) : fields($0, delimiter, limit) }
    let width = parts.map(\.count).max() ?? 0
    let dims = x.dims + [width]
    _ = try call.elementCount(dims, of: .complex128)
    let padded = parts.flatMap { $0 + [String](repeating: "", count: width - $0.count) }
    return [Tensor(strings: padded, dims: dims), Tensor(parts.map { Int64($0.count) }, dims: x.dims)]
  }

  private static func words(_ text: String, _ limit: Int) -> [String] {
    var result: [String] = [], rest = text[...].drop(while: \.isWhitespace)
    while !rest.isEmpty {
      guard result.count < limit else { return result + [String(rest)] }
      let word = rest.prefix { !$0.isWhitespace }
      result.append(String(word))
      rest = rest[word.endIndex...].drop(while: \.isWhitespace)
    }
    return result
  }

  /// By bytes, so that a delimiter is found whatever combining marks follow it.
  private static func fields(_ text: String, _ delimiter: String, _ limit: Int) -> [String] {
    let bytes = Array(text.utf8), mark = Array(delimiter.utf8)
    var result: [String] = [], start = 0, position = 0
    while position + mark.count <= bytes.count, result.count < limit {
      if bytes[position..<position + mark.count].elementsEqual(mark) {
        result.append(String(decoding: bytes[start..<position], as: UTF8.self))
        position += mark.count
        start = position
      } else {
        position += 1
      }
    }
    return result + [String(decoding: bytes[start...], as: UTF8.self)]
  }
}
