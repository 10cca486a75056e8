import OneiroGraph

/// The nodes of a graph as its layers' schemes want them.
struct NodeRewriting {
  private let weights: [String: WrittenWeight]
  private var names: FreshNames
  private var pairs: ActivationPairs
  private var products = DynamicProducts()

  init(_ activations: [String: ActivationQuantization], _ weights: [String: WrittenWeight], _ names: FreshNames) {
    self.weights = weights
    self.names = names
    pairs = ActivationPairs(activations)
  }

  /// Constants that the new nodes read.
  var initializers: [(name: String, tensor: Tensor)] { pairs.initializers + products.initializers }

  /// What stands for `node`, in order.
  mutating func nodes(for node: Node, _ choice: LayerChoice?) -> [Node] {
    guard let choice, let weight = weights[choice.layer.weight] else { return [node] }
    switch choice.scheme {
    case .f32, .f16, .w8, .w4: return [node]
    case .w8a8:
      let (name, before) = pairs.read(choice.layer.activation, &names)
      var node = node
      node.inputs[choice.layer.activationInput] = name
      return before + [node]
    case .w8a8Dynamic:
      return products.nodes(
        for: choice.layer, elements: weight.places[0].name, scales: weight.places[1].name, &names)
    }
  }
}
