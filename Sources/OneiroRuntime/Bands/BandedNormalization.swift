import OneiroGraph
import OneiroOps

/// A normalization of groups of channels, parted into statistics of the whole picture and what is left to do for a
/// band:
///
///     X [N,C,H,W] ── Reshape [1,NC,H,W] ── FusedBatchNormalization(scale, bias, mean, variance) ── Reshape ── Y
///
/// which has the activation of the normalization, and quantizes where that does.
///
/// Mean, variance and bias have a number for each image and channel. A group's mean is rounded to float32; what it
/// lacks by that is in the bias.
struct BandedNormalization {
  /// Names of the values that are made of the statistics.
  let mean: String, variance: String, bias: String
  let images: Int, groups: Int
  /// Elements of a row.
  let width: Int
  let epsilon: Double
  /// Of the normalization, for each channel.
  let scale: [Float], shift: [Float]
  private let node: Node
  private let activation: String

  init(_ node: Node, in banding: Banding) {
    let output = node.outputs[0], dims = banding.types[output]!.dims!
    mean = banding.newName(output + "/mean")
    variance = banding.newName(output + "/variance")
    bias = banding.newName(output + "/bias")
    self.node = node
    (images, width) = (dims[0], dims[3])
    let attributes = NodeAttributes(node, schema: Operators.find(node.op)!.schema)
    groups = node.opType == "InstanceNormalization" ? dims[1] : attributes.int("num_groups")
    epsilon = attributes.float("epsilon")
    activation = attributes.string("activation")
    scale = banding.constants[node.inputs[1]]!.elements(of: Float.self)
    shift = banding.constants[node.inputs[2]]!.elements(of: Float.self)
  }

  /// Of what is made of the statistics.
  var types: [String: TensorType] {
    let type = TensorType(.float32, dims: [images * scale.count])
    return [mean: type, variance: type, bias: type]
  }

  /// Adds to a graph of bands what makes Y of X and the statistics.
  func add(to body: inout BandGraph, in banding: Banding) {
    let x = node.inputs[0], output = node.outputs[0], type = body.types[output]!, dims = type.dims!
    let flat = [1, dims[0] * dims[1]] + dims[2...]
    func reshape(_ from: String, _ to: String, _ type: TensorType) {
      let shape = body.constant(banding.newName(to + "/shape"), Tensor(type.dims!.map(Int64.init), dims: [4]))
      body.add(Node("Reshape", name: node.label, inputs: [from, shape], outputs: [to]), type)
    }
    let scales = body.constant(
      banding.newName(output + "/scale"), Tensor((0..<images).flatMap { _ in scale }, dims: [images * scale.count]))
    let flatX = banding.newName(output + "/flat"), normalized = banding.newName(output + "/normalized")
    reshape(x, flatX, TensorType(.float32, dims: flat))
    body.types.merge(types) { $1 }
    let quantization = node.opType == "QuantizeGroupNormalization" ? Array(node.inputs[3...4]) : []
    body.add(
      Node(
        "FusedBatchNormalization", domain: Model.oneiroDomain, name: node.label,
        inputs: [flatX, scales, bias, mean, variance]
          + quantization.map { body.constant($0, banding.constants[$0]!) }, outputs: [normalized],
        attributes: ["epsilon": .float(Float(epsilon)), "activation": .string(Array(activation.utf8))]),
      TensorType(type.elementType, dims: flat))
    reshape(normalized, output, type)
  }
}
