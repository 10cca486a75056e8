import OneiroGraph

/// RegexFullMatch, ai.onnx opset 20: https://onnx.ai/onnx/operators/onnx__RegexFullMatch.html
///
/// Whether the pattern matches each whole string. Classes such as `\w` and boundaries mean ASCII, as the standard's RE2
/// has it.
public enum RegexFullMatch: Operator {
  public static let schema = OpSchema(
    "RegexFullMatch", since: 20, inputs: [.one("X", "T1")], outputs: [.one("Y", "T2")],
    attributes: [.string("pattern")],
    types: ["T1": .string, "T2": .bool])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    _ = try node.checking("attribute pattern", try regex(node.attributes))
    return [.tensor(.bool, try node.shape(0))]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let x = try call.tensor(0), regex = try regex(call.attributes)
    var matches: [Bool] = []
    for text in x.strings {
      do {
        matches.append(try regex.wholeMatch(in: text) != nil)
      } catch {
        throw call.fails("pattern \"\(call.attributes.string("pattern"))\": \(error)")
      }
    }
    return [Tensor(matches, dims: x.dims)]
  }

  private static func regex(_ attributes: NodeAttributes) throws(KernelError) -> Regex<AnyRegexOutput> {
    let pattern = attributes.string("pattern")
    do {
      return try Regex(pattern).matchingSemantics(.unicodeScalar).wordBoundaryKind(.simple).asciiOnlyCharacterClasses()
    } catch {
      throw KernelError("\"\(pattern)\" is no regular expression: \(error)")
    }
  }
}
