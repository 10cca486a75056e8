import OneiroConformance
import OneiroGraph

/// Two products with weights that kernels pack: x [3,256], y [3,200].
enum TwoProducts {
  /// - seeds: of the first product's weights and of the second's.
  static func graph(seeds: (Int, Int)) -> Graph {
    var graph = Graph(
      "g", inputs: [ValueInfo("x", .tensor(.float32, dims: [3, 256]))], outputs: [ValueInfo("y", nil)],
      nodes: [
        Node("MatMul", name: "first", inputs: ["x", "a"], outputs: ["m"]),
        Node("Relu", inputs: ["m"], outputs: ["r"]),
        Node("MatMul", name: "second", inputs: ["r", "b"], outputs: ["y"]),
      ])
    graph.addInitializer("a", .random([256, 300], seed: seeds.0))
    graph.addInitializer("b", .random([300, 200], seed: seeds.1))
    return graph
  }
}
