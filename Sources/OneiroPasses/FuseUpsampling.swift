import OneiroGraph
import OneiroOps

/// A convolution of an image that is enlarged by two  →  ai.oneiro.UpsampledConv or UpsampledQuantizedConv
///
///     x ── Resize ── r ── Conv ── y                         →     x ── UpsampledConv ── y
///     x ── Resize ── r ── QuantizeLinear ── QuantizedConv   →     x ── QuantizeLinear ── UpsampledQuantizedConv
///
/// The same for FusedConv. The Resize repeats every pixel; filters are 3 x 3 at every pixel, padded by one. What such a
/// filter sees of repeated pixels can be computed with a quarter of the multiplications, and the large image is nowhere.
/// Stands back when `r` or what is quantized of it has a second reader or is a graph output.
struct FuseUpsampling: RewriteRule {
  let name = "fuse-upsampling"
  let summary = "Resize by two, Conv of 3 x 3 -> UpsampledConv, UpsampledQuantizedConv"
  let targets: Set<String> = ["Conv", "FusedConv", "QuantizedConv"]

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    let isQuantized = node.opType == "QuantizedConv"
    guard node.domain == (node.opType == "Conv" ? "" : Model.oneiroDomain),
      isSeen(node, graph.dims(node.inputs[isQuantized ? 3 : 1])),
      isQuantized || graph.types[node.inputs[0]]?.elementType == .float32,
      let x = graph.producer(of: node.inputs[0]), graph.onlyReader(of: node.inputs[0]) != nil
    else { return nil }
    var upsampled = Node(
      isQuantized ? "UpsampledQuantizedConv" : "UpsampledConv", domain: Model.oneiroDomain, name: node.name,
      inputs: node.inputs, outputs: node.outputs, attributes: node.attributes, metadata: node.metadata)
    if doubles(x, graph) {
      var patch = GraphPatch("\(node.label) and the enlarging before it")
      patch.remove(x, node)
      upsampled.inputs[0] = x.inputs[0]
      patch.add(upsampled)
      return patch
    }
    // Bytes are made of the small image: a repeated number is quantized as the number is.
    guard isQuantized, x.op == OpIdentifier("QuantizeLinear"),
      graph.dims(x.inputs[1]).flatMap(Tensor.elementCount) == 1, let resize = graph.producer(of: x.inputs[0]),
      graph.onlyReader(of: x.inputs[0]) != nil, doubles(resize, graph)
    else { return nil }
    var patch = GraphPatch("\(node.label) and the enlarging before it, behind the quantization")
    patch.remove(resize, x, node)
    var quantization = x
    quantization.inputs[0] = resize.inputs[0]
    upsampled.inputs[0] = x.outputs[0] + "#small"
    patch.add(quantization.writing(upsampled.inputs[0]))
    patch.add(upsampled)
    return patch
  }

  /// - filters: [M,C,3,3] where the answer is yes.
  private func isSeen(_ node: Node, _ filters: [Int]?) -> Bool {
    guard let filters, filters.count == 4, filters[2...] == [3, 3] else { return false }
    let attributes = NodeAttributes(node, schema: Conv.schema)
    return attributes.int("group") == 1 && attributes.ints("pads") ?? [] == [1, 1, 1, 1]
      && ["", "NOTSET"].contains(attributes.string("auto_pad"))
      && (attributes.ints("strides") ?? []).allSatisfy { $0 == 1 }
      && (attributes.ints("dilations") ?? []).allSatisfy { $0 == 1 }
  }

  /// Whether an image's pixels are repeated, twice along its rows and its columns.
  private func doubles(_ resize: Node, _ graph: GraphIndex) -> Bool {
    guard resize.op == OpIdentifier("Resize"), let from = graph.dims(resize.inputs[0]), from.count == 4,
      let to = graph.dims(resize.outputs[0]), to == [from[0], from[1], 2 * from[2], 2 * from[3]]
    else { return false }
    let attributes = NodeAttributes(resize, schema: Resize.schema)
    guard attributes.string("mode") == "nearest", attributes.ints("axes") == nil else { return false }
    // Places are computed from the scales as they are given, which may not be those that the extents suggest.
    if resize.inputs.count > 2, !resize.inputs[2].isEmpty {
      guard let scales = graph.constant(resize.inputs[2]), [[], [1, 1, 2, 2]].contains(scales.doubles()) else {
        return false
      }
    }
    guard attributes.string("keep_aspect_ratio_policy") == "stretch" else { return false }
    let rounding = attributes.string("nearest_mode")
    switch attributes.string("coordinate_transformation_mode") {
    case "asymmetric": return rounding == "floor"
    case "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel": return rounding.hasPrefix("round")
    default: return false
    }
  }
}
