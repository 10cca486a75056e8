import OneiroGraph
import OneiroRuntime

/// One node with its inputs: what every kernel of the operator has to compute as the reference does.
package struct Case: Sendable, CustomStringConvertible {
  package let op: OpIdentifier
  package private(set) var name: String
  /// Which of a plugin's kernels of the operator the case is for; `nil`: for whichever is chosen.
  package private(set) var method: String?
  /// How kernels may compute; strict: what rounds more than the definition has cases of its own.
  private var precision = Backend.Precision.standard
  package let graph: Graph
  package let inputs: [String: Tensor]
  /// Relative to the largest value that the reference computes.
  package let tolerance: Double

  package var description: String { "\(op): \(name)" }

  package enum Operand {
    /// Comes with the run.
    case input(Tensor)
    /// Known to the kernel when it is prepared.
    case constant(Tensor)
    case absent

    var tensor: Tensor? {
      switch self {
      case .input(let tensor), .constant(let tensor): tensor
      case .absent: nil
      }
    }
  }

  package init(
    _ opType: String, domain: String = "", _ name: String, _ operands: [Operand],
    _ attributes: [String: Attribute] = [:],
    outputs: Int = 1, tolerance: Double = 1e-6
  ) {
    let outputNames = (0..<outputs).map { "y\($0)" }
    var graph = Graph("case", outputs: outputNames.map { ValueInfo($0, nil) })
    var inputs: [String: Tensor] = [:]
    var names: [String] = []
    for (index, operand) in operands.enumerated() {
      let value = "x\(index)"
      switch operand {
      case .input(let tensor):
        graph.inputs.append(ValueInfo(value, .tensor(tensor.elementType, dims: tensor.dims)))
        inputs[value] = tensor
        names.append(value)
      case .constant(let tensor):
        graph.addInitializer(value, tensor)
        names.append(value)
      case .absent: names.append("")
      }
    }
    graph.nodes = [Node(opType, domain: domain, name: "n", inputs: names, outputs: outputNames, attributes: attributes)]
    op = OpIdentifier(opType, domain: domain)
    self.name = name
    self.graph = graph
    self.inputs = inputs
    self.tolerance = tolerance
  }

  /// The case as it is, and once more with every operand after the first a constant, as weights are.
  package static func withWeights(
    _ opType: String, _ name: String, _ operands: [Tensor?], _ attributes: [String: Attribute] = [:],
    tolerance: Double = 1e-6
  ) -> [Case] {
    let given = operands.map { $0.map(Operand.input) ?? .absent }
    let packed = operands.enumerated().map { (index, tensor) -> Operand in
      guard let tensor else { return .absent }
      return index == 0 ? .input(tensor) : .constant(tensor)
    }
    return [
      Case(opType, name, given, attributes, tolerance: tolerance),
      Case(opType, name + ", constant weights", packed, attributes, tolerance: tolerance),
    ]
  }

  /// The same for kernels of one method alone, which may be for larger sizes than those of cases.
  func by(_ method: String) -> Case {
    var copy = self
    copy.name += ", \(method)"
    copy.method = method
    return copy
  }

  /// The same for kernels that compute by the operator's definition.
  func byDefinition() -> Case {
    var copy = self
    copy.precision = .strict
    return copy
  }

  /// A backend with no other kernels than the case is for.
  package func backend(_ backend: Backend) -> Backend {
    var backend = backend
    if let method { backend.method = method }
    if precision == .strict { backend.precision = .strict }
    return backend
  }

  /// Plans the case; throws when the backend, being strict, does not take the node.
  package func plan(_ backend: Backend, threads: Int) throws(RunError) -> ExecutionPlan {
    let types = inputs.mapValues { TensorType($0.elementType, dims: $0.dims) }
    return try Planner(backend: self.backend(backend), threads: threads).plan(graph, inputs: types)
  }

  /// Runs the case; throws when the backend, being strict, does not take the node.
  package func run(_ backend: Backend, threads: Int) throws(RunError) -> [String: Tensor] {
    var session = try Session(plan(backend, threads: threads))
    return try session.run(inputs)
  }

  /// Whether the backend, being strict, takes the node. Throws when it does and cannot make it ready.
  package func isTaken(by backend: Backend) throws(RunError) -> Bool {
    do throws(RunError) {
      _ = try plan(backend, threads: 1)
      return true
    } catch .noKernel {
      return false
    }
  }

  /// Every operand as a type, those that are constant so marked: `float[2,3], constant float[3,4], absent`.
  package var operands: String {
    graph.nodes[0].inputs.map { name in
      if let tensor = inputs[name] { return "\(TensorType(tensor.elementType, dims: tensor.dims))" }
      guard let tensor = graph.initializers[name] else { return "absent" }
      return "constant \(TensorType(tensor.elementType, dims: tensor.dims))"
    }.joined(separator: ", ")
  }
}
