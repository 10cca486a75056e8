import OneiroConformance
import OneiroGraph

/// The end of a decoder of images: residual blocks around normalizations, an upsampling between them, three channels at
/// last.
struct ImageDecoder {
  let graph: Graph

  /// - widths: channels of the blocks.
  /// - scales: whether upsamplings name the factors, or the sizes.
  /// - quantized: whether convolutions of so many input channels read bytes and have weights of bytes.
  init(
    widths: [Int], height: Int, width: Int, images: Int = 1, scales: Bool = true,
    quantized: (_ channels: Int) -> Bool = { _ in false }
  ) {
    var graph = Graph(
      "decoder", inputs: [ValueInfo("latent", .tensor(.float32, dims: [images, 4, height, width]))],
      outputs: [ValueInfo("picture", nil)])
    var seed = 1
    graph.addInitializer("step", Tensor([Float(0.03)], dims: []))
    graph.addInitializer("zero", Tensor([UInt8(100)], dims: []))
    func weights(_ name: String, _ dims: [Int], scale: Double = 1, around center: Double = 0) -> String {
      seed += 1
      let values = Tensor.random(dims, seed: seed).doubles().map { Float(center + scale * $0) }
      graph.addInitializer(name, Tensor(values, dims: dims))
      return name
    }
    func add(_ op: String, _ inputs: [String], _ output: String, _ attributes: [String: Attribute] = [:]) -> String {
      graph.nodes.append(Node(op, name: output, inputs: inputs, outputs: [output], attributes: attributes))
      return output
    }
    func convolve(_ x: String, _ output: String, _ from: Int, _ to: Int, kernel: Int = 3) -> String {
      var x = x
      let dims = [to, from, kernel, kernel], scale = 1 / Double(from * kernel).squareRoot(), w: String
      if quantized(from) {
        let step = ["step", "zero"]
        x = add("DequantizeLinear", [add("QuantizeLinear", [x] + step, output + ".q")] + step, output + ".x")
        graph.addInitializer(output + ".i", .randomInts(.int8, dims, -127...127, seed: seed))
        graph.addInitializer(output + ".k", Tensor.random([to], Float(scale / 200)...Float(scale / 100), seed: seed))
        w = add("DequantizeLinear", [output + ".i", output + ".k"], output + ".w", ["axis": .int(0)])
      } else {
        w = weights(output + ".w", dims, scale: scale)
      }
      let pads = [Int64](repeating: Int64(kernel / 2), count: 4)
      return add("Conv", [x, w, weights(output + ".b", [to])], output, ["pads": .ints(pads)])
    }
    func normalize(_ x: String, _ output: String, _ channels: Int) -> String {
      let scale = weights(output + ".s", [channels], scale: 0.2, around: 1)
      let y = add(
        "GroupNormalization", [x, scale, weights(output + ".t", [channels])], output + ".n",
        ["num_groups": .int(4), "epsilon": .float(1e-6)])
      return add("Mul", [y, add("Sigmoid", [y], output + ".g")], output)
    }
    var x = convolve("latent", "in", 4, widths[0]), channels = widths[0]
    var size = (height, width)
    for (index, width) in widths.enumerated() {
      let block = "block\(index)"
      let a = convolve(normalize(x, block + ".a", channels), block + ".1", channels, width)
      let b = convolve(normalize(a, block + ".c", width), block + ".2", width, width)
      let beside = channels == width ? x : convolve(x, block + ".0", channels, width, kernel: 1)
      x = add("Add", [beside, b], block)
      channels = width
      guard index + 1 < widths.count else { continue }
      size = (size.0 * 2, size.1 * 2)
      let factors: [String]
      if scales {
        graph.addInitializer(block + ".f", Tensor([1, 1, 2, 2] as [Float], dims: [4]))
        factors = [x, "", block + ".f"]
      } else {
        graph.addInitializer(block + ".f", Tensor([images, width, size.0, size.1].map(Int64.init), dims: [4]))
        factors = [x, "", "", block + ".f"]
      }
      let places: [String: Attribute] = [
        "coordinate_transformation_mode": .string(Array("asymmetric".utf8)),
        "nearest_mode": .string(Array("floor".utf8)),
      ]
      x = convolve(add("Resize", factors, block + ".up", places), block + ".u", width, width)
    }
    x = convolve(normalize(x, "end", channels), "out", channels, 3)
    _ = add("Tanh", [x], "picture")
    self.graph = graph
  }
}
