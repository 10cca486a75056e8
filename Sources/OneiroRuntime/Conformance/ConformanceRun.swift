import OneiroGraph
import OneiroModel
import OneiroOps

/// Runs conformance cases on one backend, one at a time; `ConformanceSuite` runs many.
public struct ConformanceRun: Sendable {
  public enum Outcome: Sendable {
    case passed
    case failed(Failure)
    /// The model uses an operator or a version that this build does not have.
    case skipped(String)
  }

  public enum Failure: Sendable, CustomStringConvertible {
    /// Something else came out than was recorded.
    case differs(output: String, ValueDifference)
    /// It could not be read, planned or run.
    case refused(String)
    /// It had not ended after this long.
    case timeLimit(Duration)

    public var description: String {
      switch self {
      case .differs(let output, let difference):
        "output \"\(output)\"\(difference.index == nil && difference.path.isEmpty ? ":" : "") \(difference)"
      case .refused(let reason): reason
      case .timeLimit(let limit): "time limit: it had not ended after \(limit / .seconds(1)) s"
      }
    }
  }

  public struct Result: Sendable {
    public let name: String
    public let folder: String
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
    // A log of its own, so that --stop-after means the patches of one case.
    let planner = Planner(
      backend: planner.backend, hostOperators: planner.hostOperators, threads: planner.threads, tuning: planner.tuning,
      rewrites: planner.rewrites)
    do throws(RunError) {
      outcome = try run(test, planner, &sources)
    } catch {
      let text = "\(error)"
      outcome = text.contains("unknown operator") ? .skipped(text) : .failed(.refused(text))
    }
    return Result(name: test.name, folder: test.folder, outcome: outcome, sources: sources.sorted())
  }

  private func run(
    _ test: ConformanceCase, _ planner: Planner, _ sources: inout Set<String>
  ) throws(RunError) -> Outcome {
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
        guard let found = results[info.name] else { return .failed(.refused("output \"\(info.name)\" is missing")) }
        if let difference = comparison.difference(expected: expected, found: found) {
          return .failed(.differs(output: info.name, difference))
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
