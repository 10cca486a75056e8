import COneiroKernel
import OneiroGraph
import OneiroOps

/// An operator's own kernel, wrapped so that a plan can run it like any other. It allocates its results and copies them
/// into the arena: it is there to be right.
final class ReferenceKernel: PreparedKernel {
  let source = ReferenceKernel.sourceName
  static let sourceName = "reference"
  private let node: Node
  private let op: any Operator.Type
  private let inputs: [TensorType?]
  private let outputs: [TensorType?]

  init(_ node: Node, _ op: any Operator.Type, inputs: [TensorType?], outputs: [TensorType?]) {
    self.node = node
    self.op = op
    self.inputs = inputs
    self.outputs = outputs
  }

  func compute(_ call: borrowing StepCall) throws(RunError) {
    var values: [Value?] = []
    for (index, type) in inputs.enumerated() {
      guard let type, let dims = type.dims else {
        values.append(nil)
        continue
      }
      let memory = call.inputs[index]
      let storage = ByteStorage(borrowing: UnsafeRawPointer(memory.data), byteCount: memory.byte_count, from: self)
      values.append(.tensor(Tensor(type.elementType, dims: dims, storage: storage)))
    }
    let results: [Value?]
    do {
      results = try op.evaluate(KernelCall(node: node, schema: op.schema, inputs: values))
    } catch {
      throw .kernel(node: node.label, op: node.op, kernel: source, reason: error.description)
    }
    for (index, type) in outputs.enumerated() {
      guard let type else { continue }
      guard index < results.count, let tensor = results[index]?.tensor, tensor.elementType == type.elementType,
        tensor.dims == type.dims
      else {
        let found = index < results.count ? results[index].map { "\($0.type)" } ?? "nothing" : "nothing"
        throw .kernel(
          node: node.label, op: node.op, kernel: source, reason: "output \(index): expected \(type), found \(found)")
      }
      call.outputs[index].data.copyMemory(from: tensor.bytes.baseAddress!, byteCount: tensor.bytes.count)
    }
  }
}
