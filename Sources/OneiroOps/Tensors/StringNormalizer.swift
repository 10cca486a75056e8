import OneiroGraph

/// StringNormalizer, ai.onnx opset 10: https://onnx.ai/onnx/operators/onnx__StringNormalizer.html
///
/// A list of words, [C] or [1, C], without the stop words and in lower or upper case; one empty word when none is left.
/// Case follows Unicode alone: `locale` changes nothing.
public enum StringNormalizer: Operator {
  public static let schema = OpSchema(
    "StringNormalizer", since: 10, inputs: [.one("X", "T")], outputs: [.one("Y", "T")],
    attributes: [
      .string("case_change_action", default: "NONE"), .int("is_case_sensitive", default: 0),
      .optional("stopwords", .strings), .string("locale"),
    ],
    types: ["T": .string])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let x = try node.tensor(0)
    _ = try node.checking("attribute case_change_action", try caseChange(node.attributes))
    guard let shape = x.shape else { return [.tensor(x)] }
    guard shape.count == 1 || (shape.count == 2 && shape[0].agrees(with: .known(1))) else {
      throw node.fails(0, expected: "shape [C] or [1,C]", found: x.shapeText)
    }
    return [.tensor(.string, shape.count == 1 ? [.unknown] : [.known(1), .unknown])]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let x = try call.tensor(0), change = try caseChange(call.attributes)
    guard x.rank == 1 || (x.rank == 2 && x.dims[0] == 1) else {
      throw call.fails("expected shape [C] or [1,C], found \(Shape.text(x.dims))")
    }
    let isCaseSensitive = call.attributes.bool("is_case_sensitive")
    func key(_ word: String) -> String { isCaseSensitive ? word : word.lowercased() }
    let stopWords = Set((call.attributes.strings("stopwords") ?? []).map(key))
    var words = x.strings.filter { !stopWords.contains(key($0)) }.map(change)
    if words.isEmpty { words = [""] }
    return [Tensor(strings: words, dims: x.rank == 1 ? [words.count] : [1, words.count])]
  }

  private static func caseChange(_ attributes: NodeAttributes) throws(KernelError) -> (String) -> String {
    switch attributes.string("case_change_action") {
    case "NONE": return { $0 }
    case "LOWER": return { $0.lowercased() }
    case "UPPER": return { $0.uppercased() }
    case let name: throw KernelError("expected NONE, LOWER or UPPER, found \"\(name)\"")
    }
  }
}
