import COneiroKernel
import OneiroGraph

/// Finds numbers that are NaN or infinite.
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
    first(in: memory, type) { !$0.isFinite }
  }

  /// The first element that is NaN, of the same types.
  public static func firstNaN(in tensor: Tensor) -> Int? {
    withExtendedLifetime(tensor) { first(in: tensor.bytes, tensor.elementType) { $0.isNaN }?.element }
  }

  private static func first(
    in memory: UnsafeRawBufferPointer, _ type: ElementType, where isBad: (Double) -> Bool
  ) -> (element: Int, value: Double)? {
    func first<Number>(_ widened: (Number) -> Double) -> (element: Int, value: Double)? {
      let numbers = memory.bindMemory(to: Number.self)
      return numbers.firstIndex { isBad(widened($0)) }.map { ($0, widened(numbers[$0])) }
    }
    switch type {
    case .float32: return first { (number: Float) in Double(number) }
    case .float64: return first { (number: Double) in number }
    case .float16: return first { (number: Float16) in Double(number) }
    case .bfloat16: return first { (number: BFloat16) in Double(Float(number)) }
    case .complex64: return Self.first(in: memory, .float32, where: isBad).map { ($0.element / 2, $0.value) }
    case .complex128: return Self.first(in: memory, .float64, where: isBad).map { ($0.element / 2, $0.value) }
    default: return nil
    }
  }
}
