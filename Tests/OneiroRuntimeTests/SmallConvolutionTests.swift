import OneiroConformance
import OneiroGraph
import OneiroRuntime
import Testing

/// That the cases of the conformance lists reach the kernels made for them.
@Suite("Small convolutions have kernels of their own") struct SmallConvolutionTests {
  /// [N, C, H, W], [M, C / group, kernel...], groups, and what the kernel calls its method.
  static let layers: [(x: [Int], w: [Int], group: Int64, method: String?)] = [
    ([1, 33, 6, 6], [33, 1, 5, 5], 33, "channels in lanes"),
    ([2, 7, 10, 9], [21, 1, 3, 3], 7, "channels in lanes"),
    ([3, 45, 1, 1], [150, 45, 1, 1], 1, "pixels as rows"),
    ([1, 70, 3, 3], [35, 70, 1, 1], 1, "pixels as rows"),
    ([1, 11, 19, 17], [25, 11, 1, 1], 1, nil),
  ]

  @Test("are taken", arguments: layers.indices, [("Conv", ""), ("FusedConv", "ai.oneiro")])
  func method(index: Int, op: (type: String, domain: String)) throws {
    let layer = Self.layers[index]
    let test = Case(
      op.type, domain: op.domain, "layer", [.input(.random(layer.x)), .constant(.random(layer.w, seed: 2))],
      ["group": .int(layer.group)])
    let types = test.inputs.mapValues { TensorType($0.elementType, dims: $0.dims) }
    let plan = try Planner(backend: try Backend("vector", isStrict: true), threads: 2).plan(test.graph, inputs: types)
    let method = plan.steps[0].kernel.isa.split(separator: ", ").dropFirst().first.map(String.init)
    #expect(plan.steps.count == 1)
    #expect(method == layer.method)
  }
}
