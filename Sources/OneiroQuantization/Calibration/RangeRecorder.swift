import OneiroGraph
import OneiroRuntime
import Synchronization

/// Takes down histograms of some of the values of a run, and the first number among them that is not finite.
final class RangeRecorder: Sendable {
  private let wanted: Set<String>
  private let finite: Set<String>
  private let state = Mutex<[String: Histogram]>([:])
  private let firstFault = Mutex<RangeFault?>(nil)

  /// - finite: values without a histogram, whose numbers are looked at all the same.
  init(_ wanted: Set<String>, finite: Set<String> = []) {
    self.wanted = wanted
    self.finite = finite.subtracting(wanted)
  }

  var histograms: [String: Histogram] { state.withLock { $0 } }
  var fault: RangeFault? { firstFault.withLock { $0 } }

  /// What a run's options have to hold for this to see its values.
  func observe(_ value: ExecutionPlan.Operand, _ step: ExecutionPlan.Step, _ bytes: UnsafeRawBufferPointer) {
    guard value.type.elementType == .float32 else { return }
    if wanted.contains(value.name) {
      add(bytes.bindMemory(to: Float.self), to: value.name, step.node)
    } else if finite.contains(value.name) {
      _ = isFaulty(bytes.bindMemory(to: Float.self), value.name, step.node) { !$0.isFinite }
    }
  }

  func add(_ tensor: Tensor, to name: String) {
    guard wanted.contains(name), tensor.elementType == .float32 else { return }
    tensor.withElements(of: Float.self) { add($0, to: name, nil) }
  }

  /// Looks for NaN in a graph's outputs. Infinity may be meant there, as where something is masked.
  func look(at outputs: [String: Value]) {
    for (name, value) in outputs.sorted(by: { $0.key < $1.key }) {
      guard let tensor = value.tensor, tensor.elementType == .float32 else { continue }
      _ = tensor.withElements(of: Float.self) { isFaulty($0, name, nil, \.isNaN) }
    }
  }

  private func add(_ values: UnsafeBufferPointer<Float>, to name: String, _ node: Node?) {
    guard !isFaulty(values, name, node, { !$0.isFinite }) else { return }
    state.withLock { $0[name, default: Histogram()].add(values) }
  }

  private func isFaulty(
    _ values: UnsafeBufferPointer<Float>, _ name: String, _ node: Node?, _ isBad: (Float) -> Bool
  ) -> Bool {
    guard let element = values.firstIndex(where: isBad) else { return false }
    let fault = RangeFault(node: node, value: name, element: element, found: values[element])
    firstFault.withLock { $0 = $0 ?? fault }
    return true
  }
}
