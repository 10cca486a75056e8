import OneiroGraph
import OneiroModel
import OneiroOps

/// Runs conformance cases on one backend.
public struct ConformanceRun: Sendable {
  public enum Outcome: Sendable {
    case passed
    /// It ran, and something else came out; or it should have run and did not.
    case failed(String)
    /// The model uses an operator or a version that this build does not have.
    case skipped(String)
  }

  public struct Result: Sendable {
    public let name: String
    public let outcome: Outcome
    /// Sources that ran at least one node, besides what was computed while planning.
    public let sources: [String]
  }

  private let planner: Planner
  private let comparison: ValueComparison

  public init(planner: Planner, comparison: ValueComparison = .onnx) {
    self.planner = planner
    self.comparison = comparison
  }

  public func run(_ test: ConformanceCase) -> Result {
    var sources: Set<String> = []
    let outcome: Outcome
    do throws(RunError) {
      outcome = try run(test, &sources)
    } catch {
      let text = "\(error)"
      outcome = text.contains("unknown operator") ? .skipped(text) : .failed(text)
    }
    return Result(name: test.name, outcome: outcome, sources: sources.sorted())
  }

  private func run(_ test: ConformanceCase, _ sources: inout Set<String>) throws(RunError) -> Outcome {
    let loaded: LoadedModel
    let sets: [(inputs: [String], outputs: [String])]
    do throws(GraphError) {
      loaded = try LoadedModel(path: test.folder + "/model.onnx")
      sets = try test.dataSets()
    } catch {
      throw .graph(error)
    }
    let runner = GraphRunner(loaded.graph, planner: planner)
    for set in sets {
      var inputs: [String: Value] = [:]
      var expected: [Value] = []
      do throws(GraphError) {
        for (info, file) in zip(loaded.graph.inputs, set.inputs) {
          inputs[info.name] = try Self.read(file, info)
        }
        for (info, file) in zip(loaded.graph.outputs, set.outputs) {
          expected.append(try Self.read(file, info))
        }
      } catch {
        throw .graph(error)
      }
      let results = try runner.run(inputs)
      for plan in runner.lastPlans { sources.formUnion(plan.placement.map(\.source)) }
      for (info, expected) in zip(loaded.graph.outputs, expected) {
        guard let found = results[info.name] else { return .failed("output \"\(info.name)\" is missing") }
        if let difference = comparison.difference(expected: expected, found: found) {
          return .failed("output \"\(info.name)\": \(difference)")
        }
      }
    }
    return .passed
  }

  /// The data of old releases hold bfloat16 as uint16, bit for bit, because NumPy had no such type.
  private static func read(_ file: String, _ info: ValueInfo) throws(GraphError) -> Value {
    let value = try ValueFile.read(file, as: info.type)
    guard case .tensor(let tensor) = value, tensor.elementType == .uint16, case .bytes(let storage) = tensor.contents,
      info.type?.tensorType?.elementType == .bfloat16
    else { return value }
    return .tensor(Tensor(.bfloat16, dims: tensor.dims, storage: storage))
  }
}
