import COneiroKernel
import OneiroGraph

/// Finds the first number that is NaN or infinite.
public enum FiniteCheck {
  /// - tookInfinity: whether there was an infinity in the inputs, where one of them is not there any more.
  /// - Throws: `notFinite` with the step's node, when a NaN comes out, or an infinity of inputs that are all finite. An
  ///   infinity that goes in, such as an attention mask's, may come out again.
  static func check(
    _ plan: ExecutionPlan, step index: Int, _ inputs: UnsafeBufferPointer<oneiro_tensor>,
    _ outputs: UnsafeBufferPointer<oneiro_tensor>, tookInfinity: Bool?
  ) throws(RunError) {
    let step = plan.steps[index]
    lazy var takesInfinity = tookInfinity ?? Self.takesInfinity(plan, step: index, inputs)
    for (index, operand) in step.outputs.enumerated() {
      guard let operand else { continue }
      let memory = UnsafeRawBufferPointer(start: outputs[index].data, count: outputs[index].byte_count)
      if let (element, value) = firstBadElement(memory, operand.type.elementType),
        value.isNaN || !takesInfinity
      {
        throw .notFinite(node: step.node.label, op: step.node.op, value: operand.name, element: element, found: value)
      }
    }
  }

  /// Whether some input of the step is not finite.
  static func takesInfinity(
    _ plan: ExecutionPlan, step index: Int, _ inputs: UnsafeBufferPointer<oneiro_tensor>
  ) -> Bool {
    zip(plan.steps[index].inputs, inputs).contains { operand, tensor in
      guard let operand else { return false }
      // A narrow constant need not have come with data.
      if case .constant(let index) = operand.location, let stored = plan.constants[index].stored {
        return withExtendedLifetime(stored.storage) { firstBadElement(stored.storage.bytes, stored.type) != nil }
      }
      let memory = UnsafeRawBufferPointer(start: tensor.data, count: tensor.byte_count)
      return firstBadElement(memory, operand.type.elementType) != nil
    }
  }

  /// The first element that is not finite, of a floating-point type of 16 bits or more or a complex one; `nil` for
  /// others.
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
    case .float16:
      let halves = memory.bindMemory(to: Float16.self)
      return halves.firstIndex { !$0.isFinite }.map { ($0, Double(halves[$0])) }
    case .bfloat16:
      let halves = memory.bindMemory(to: BFloat16.self)
      return halves.firstIndex { !Float($0).isFinite }.map { ($0, Double(Float(halves[$0]))) }
    case .complex64: return firstBadElement(memory, .float32).map { ($0.element / 2, $0.value) }
    case .complex128: return firstBadElement(memory, .float64).map { ($0.element / 2, $0.value) }
    default: return nil
    }
  }
}
