import OneiroGraph

extension Graph {
  /// Takes every Cast of a float16 or bfloat16 initializer to float32 into the initializer: a float32 tensor under the
  /// name of the node's output, whose elements stay as the file has them. Does the same in all bodies. An initializer
  /// that is an input may be replaced by a caller, so its Cast remains.
  mutating func takeInWidening() {
    let inputNames = Set(inputs.map(\.name))
    var widened: [String: [String]] = [:]
    var rest: [Node] = []
    rest.reserveCapacity(nodes.count)
    for var node in nodes {
      if let source = node.inputs.first, !inputNames.contains(source), let tensor = initializers[source],
        NarrowStorage.types.contains(tensor.elementType), node.isCastToFloat32
      {
        widened[source, default: []].append(node.outputs[0])
        continue
      }
      for (name, attribute) in node.attributes {
        switch attribute {
        case .graph(var body):
          body.takeInWidening()
          node.attributes[name] = .graph(body)
        case .graphs(var bodies):
          for index in bodies.indices { bodies[index].takeInWidening() }
          node.attributes[name] = .graphs(bodies)
        default: break
        }
      }
      rest.append(node)
    }
    nodes = rest
    guard !widened.isEmpty else { return }
    var read = Set(outputs.map(\.name))
    for node in nodes {
      read.formUnion(node.inputs)
      for body in node.bodies { read.formUnion(body.graph.capturedNames) }
    }
    var order: [String] = []
    for (name, tensor) in orderedInitializers {
      guard let names = widened[name] else {
        order.append(name)
        continue
      }
      if read.contains(name) { order.append(name) } else { initializers[name] = nil }
      let wide = tensor.widening()
      for name in names { initializers[name] = wide }
      order += names
    }
    initializerOrder = order
  }
}

extension Node {
  fileprivate var isCastToFloat32: Bool {
    guard op == OpIdentifier("Cast"), inputs.count == 1, outputs.count == 1, !outputs[0].isEmpty,
      case .int(let type) = attributes["to"]
    else { return false }
    return type == Int64(ElementType.float32.rawValue)
  }
}
