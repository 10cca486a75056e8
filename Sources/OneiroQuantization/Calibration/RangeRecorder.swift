import OneiroGraph
import OneiroRuntime
import Synchronization

/// Takes down histograms of some of the values of a run.
final class RangeRecorder: Sendable {
  private let wanted: Set<String>
  private let state = Mutex<[String: Histogram]>([:])
  private let fault = Mutex<GraphError?>(nil)

  init(_ wanted: Set<String>) { self.wanted = wanted }

  var histograms: [String: Histogram] { state.withLock { $0 } }

  /// What a run's options have to hold for this to see its values.
  func observe(_ value: ExecutionPlan.Operand, _ step: ExecutionPlan.Step, _ bytes: UnsafeRawBufferPointer) {
    guard wanted.contains(value.name), value.type.elementType == .float32 else { return }
    add(bytes.bindMemory(to: Float.self), to: value.name, step.node)
  }

  func add(_ tensor: Tensor, to name: String) {
    guard wanted.contains(name), tensor.elementType == .float32 else { return }
    tensor.withElements(of: Float.self) { add($0, to: name, nil) }
  }

  private func add(_ values: UnsafeBufferPointer<Float>, to name: String, _ node: Node?) {
    if let bad = values.firstIndex(where: { !$0.isFinite }) {
      let error = GraphError.mismatch(
        node: node, "value \"\(name)\": element \(bad)", expected: "a finite number", found: "\(values[bad])")
      fault.withLock { $0 = $0 ?? error }
      return
    }
    state.withLock { $0[name, default: Histogram()].add(values) }
  }

  /// - Throws: when a value was not finite.
  func check() throws(GraphError) { if let fault = fault.withLock({ $0 }) { throw fault } }
}
