/// ONNX's text syntax (https://github.com/onnx/onnx/blob/main/docs/Syntax.md), printed and parsed:
///
///     <ir_version: 8, opset_import: ["" : 17]>
///     classify (float[N,128] X) => (float[N,10] C) <float[128,10] W = {...}> {
///        T = MatMul (X, W)
///        C = Softmax <axis: int = 1> (T)
///     }
///
/// Elements of 16-bit and narrower floats are written as their bits, as ONNX's own printer does. Ours alone is the form
/// of a sparse tensor: `sparse_tensor(float[9]) {float[2] {1.0,2.0}, int64[2] {0,8}}`. Doc strings of graphs and nodes,
/// and metadata of nodes, have no place in the syntax.
public enum GraphText {
  /// - elideAbove: tensors of more elements are printed as `{...}`, for people; such text cannot be parsed back.
  /// - depth: levels of bodies that are printed with their nodes, deeper ones as `{...}`; `nil` for all.
  public static func print(_ model: Model, elideAbove: Int? = nil, depth: Int? = nil) -> String {
    var printer = TextPrinter(elideAbove: elideAbove, depth: depth)
    printer.print(model)
    return printer.text
  }

  public static func print(_ graph: Graph, elideAbove: Int? = nil, depth: Int? = nil) -> String {
    var printer = TextPrinter(elideAbove: elideAbove, depth: depth)
    printer.print(graph)
    return printer.text + "\n"
  }

  /// One node, without its name.
  public static func print(_ node: Node, elideAbove: Int? = nil, depth: Int? = nil) -> String {
    var printer = TextPrinter(elideAbove: elideAbove, depth: depth)
    printer.print(node)
    return printer.text
  }

  /// The model that the text describes.
  /// - Throws: the first thing that is not in the syntax, with its line and column.
  public static func parse(_ text: String) throws(GraphError) -> Model {
    var parser = TextParser(text)
    return try parser.model()
  }

  /// The words of the syntax for the kinds of attributes.
  static let kindNames: [(kind: Attribute.Kind, name: String)] = [
    (.float, "float"), (.int, "int"), (.string, "string"), (.tensor, "tensor"), (.graph, "graph"), (.floats, "floats"),
    (.ints, "ints"), (.strings, "strings"), (.tensors, "tensors"), (.graphs, "graphs"),
    (.sparseTensor, "sparse_tensor"),
    (.sparseTensors, "sparse_tensors"), (.type, "type_proto"), (.types, "type_protos"),
  ]

  /// Letters, digits and "_", not beginning with a digit: what needs no quotes.
  static func isPlainIdentifier(_ text: String) -> Bool {
    guard let first = text.utf8.first, !TextScanner.isDigit(first) else { return false }
    return text.utf8.allSatisfy(TextScanner.isWord)
  }

  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      if scalar == "\"" || scalar == "\\" { result += "\\" }
      result.unicodeScalars.append(scalar)
    }
    return result + "\""
  }
}
