import OneiroGraph
import OneiroModel

/// What a noise predictor is given in the place of a condition, for guidance to push away from: an initializer of the
/// pipeline's main graph and the third input of its `ai.oneiro.Denoise` node.
public struct UnconditionalContext: Sendable {
  /// float32 [1,T,D].
  public let tensor: Tensor
  /// What messages call it.
  private let source: String

  /// What the initializer is called.
  public static let initializerName = "unconditional_context"

  /// - tensor: [T,D] or [1,T,D], floating-point numbers.
  /// - source: what messages call it.
  public init(_ tensor: Tensor, source: String) throws(DreamError) {
    let dims = tensor.rank == 2 ? [1] + tensor.dims : tensor.dims
    guard [.float32, .float16, .bfloat16, .float64].contains(tensor.elementType), dims.count == 3, dims[0] == 1 else {
      throw .mismatch(
        at: source, expected: "float[T,D] or float[1,T,D]",
        found: "\(TensorType(tensor.elementType, dims: tensor.dims))")
    }
    let values = tensor.doubles().map(Float.init)
    if let bad = values.firstIndex(where: { !$0.isFinite }) {
      throw .mismatch(at: "\(source): element \(bad)", expected: "a finite float32 number", found: "\(values[bad])")
    }
    self.tensor = Tensor(values, dims: dims)
    self.source = source
  }

  /// Reads a `.npy` file, or `FILE.npz:name` or `FILE.safetensors:name`.
  public init(contentsOf path: String) throws(DreamError) {
    let value: Value
    do { value = try ArrayFile.read(path) } catch { throw .graph(error) }
    guard let tensor = value.tensor else {
      throw .mismatch(at: path, expected: "float[T,D] or float[1,T,D]", found: "\(value.type)")
    }
    try self.init(tensor, source: path)
  }

  /// The pipeline with this one in it, in the place of any other.
  /// - name: what messages call the pipeline.
  public func placed(in model: Model, name: String) throws(DreamError) -> Model {
    guard let index = model.graph.nodes.firstIndex(where: \.isDenoise),
      case .graph(let body) = model.graph.nodes[index].attributes["body"]
    else {
      throw .mismatch(at: name, expected: "a node of ai.oneiro.Denoise to guide", found: "none")
    }
    let node = model.graph.nodes[index]
    guard node.inputs.count > 1, !node.inputs[1].isEmpty, body.requiredInputs.count > 2 else {
      throw .mismatch(
        at: source, expected: "no unconditional context because role \"unet\" takes no context",
        found: "\(TensorType(.float32, dims: tensor.dims))")
    }
    let context = body.requiredInputs[2]
    try PartSignature.check(
      .tensor(.float32, [.unknown] + tensor.dims.dropFirst().map(Dimension.known)), fits: context.type, source,
      because: "input \"\(context.name)\" of role \"unet\" takes the first")
    var result = model
    result.graph.addInitializer(Self.initializerName, tensor)
    result.graph.nodes[index].inputs = Array(node.inputs.prefix(2)) + [Self.initializerName]
    return result
  }

  /// What a Denoise node calls it; `nil` where it has none.
  static func name(in node: Node) -> String? {
    guard node.isDenoise, node.inputs.count > 2, !node.inputs[2].isEmpty else { return nil }
    return node.inputs[2]
  }

  static func tensor(of node: Node, in graph: Graph) -> Tensor? { name(in: node).flatMap { graph.initializers[$0] } }
}
