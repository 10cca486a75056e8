import COneiroKernel
import OneiroGraph

/// Finds the first number that is NaN or infinite.
public enum FiniteCheck {
  /// - Throws: `notFinite` with the step's node, when a float32 or float64 among its outputs is not finite.
  static func check(_ step: ExecutionPlan.Step, _ outputs: UnsafeBufferPointer<oneiro_tensor>) throws(RunError) {
    for (index, operand) in step.outputs.enumerated() {
      guard let operand else { continue }
      let memory = UnsafeRawBufferPointer(start: outputs[index].data, count: outputs[index].byte_count)
      if let (element, value) = firstBadElement(memory, operand.type.elementType) {
        throw .notFinite(node: step.node.label, op: step.node.op, value: operand.name, element: element, found: value)
      }
    }
  }

  /// The first element that is not finite, of float32 or float64 memory; `nil` for other types.
  public static func firstBadElement(_ memory: UnsafeRawBufferPointer, _ type: ElementType) -> (
    element: Int, value: Double
  )? {
    switch type {
    case .float32:
      let floats = memory.bindMemory(to: Float.self)
      return floats.firstIndex { !$0.isFinite }.map { ($0, Double(floats[$0])) }
    case .float64:
      let doubles = memory.bindMemory(to: Double.self)
      return doubles.firstIndex { !$0.isFinite }.map { ($0, doubles[$0]) }
    default: return nil
    }
  }
}
