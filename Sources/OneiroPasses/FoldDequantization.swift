import OneiroGraph
import OneiroOps

/// DequantizeLinear(constant)  →  a constant, where no kernel takes the quantized one; and what nobody reads goes.
///
/// Planning computes what hangs on constants alone, but leaves this to the passes: a product may want the bytes.
struct FoldDequantization: RewriteRule {
  let name = "fold-dequantization"
  let summary = "DequantizeLinear of a constant -> a constant"
  let targets: Set<String> = ["DequantizeLinear"]

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    let output = node.outputs[0]
    guard node.op == OpIdentifier("DequantizeLinear"), !graph.isOutput(output) else { return nil }
    var patch = GraphPatch("\(node.label)")
    patch.remove(node)
    if graph.readerCount(of: output) == 0 { return patch }
    let constants = node.inputs.filter { !$0.isEmpty }.map(graph.constant)
    guard constants.allSatisfy({ $0 != nil }) else { return nil }
    let inputs = node.inputs.map { graph.constant($0).map(Value.tensor) }
    let call = KernelCall(node: node, schema: DequantizeLinear.schema, inputs: inputs)
    guard let result = try? DequantizeLinear.reference(call).first else { return nil }
    patch.addInitializer(output, result)
    return patch
  }
}
