import ArgumentParser
import Foundation
import OneiroDream
import OneiroGraph
import OneiroModel
import OneiroRuntime

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure how long a model takes, node by node.",
    discussion: """
      Inputs that are not given are made up: normal noise for floats, 0 and 1 for integers; dimensions with a name are 1
      unless given. The timed runs are not profiled; the times of nodes come from runs of their own.

        oneiro bench unet.onnx --input sample=1x4x64x64 --per-node
        oneiro bench unet.onnx --backend openblas --threads 1 --json
        oneiro bench unet.onnx --profile trace.json
      """)

  @Argument(help: "An ONNX file.") var model: String
  @OptionGroup var options: BackendOptions
  @Option(help: ArgumentHelp("Runs that count.", valueName: "n")) var runs = 20
  @Option(help: ArgumentHelp("Runs before the first that counts.", valueName: "n")) var warmup = 3
  @Option(
    help: ArgumentHelp(
      "An array for an input, or the shape of one that is made up: sample=x.npy, sample=1x4x64x64.",
      valueName: "name=file|dims"))
  var input: [String] = []
  @Option(help: ArgumentHelp("Seed of the inputs that are made up.", valueName: "n")) var seed: UInt64 = 0
  @Flag(help: "List every node, and not only the operators.") var perNode = false
  @Flag(help: "Print one JSON object.") var json = false
  @Option(help: ArgumentHelp("Write a trace of one run for chrome://tracing or Perfetto.", valueName: "file"))
  var profile: String?

  func validate() throws {
    guard (1...1_000_000).contains(runs) else { throw ValidationError("--runs: expected 1 ... 1000000, found \(runs)") }
    guard (0...1_000_000).contains(warmup) else {
      throw ValidationError("--warmup: expected 0 ... 1000000, found \(warmup)")
    }
    for argument in input { _ = try NamedArgument(argument, option: "--input", form: "NAME=FILE or NAME=DIMS") }
  }

  func run() throws {
    let planner = try options.planner()
    let clock = ContinuousClock()
    let loadStart = clock.now
    let graph = try LoadedModel(path: model).graph
    let loadTime = clock.now - loadStart
    let inputs = try values(for: graph)
    let planStart = clock.now
    let round = try AssumedDimensions.explaining(inputs.assumed) {
      try planner.round(graph, inputs: inputs.values.mapValues(Self.binding))
    }
    let planTime = clock.now - planStart
    var report = BenchReport(
      model: model, backend: options.backend, backendOrder: planner.backend.order, threads: options.threads,
      assumed: inputs.assumed, load: (loadTime + planTime).milliseconds, planning: planTime.milliseconds,
      plan: round.plan)
    if round.remainder == nil {
      var benchmark = try Benchmark(round.plan, inputs: inputs.values.compactMapValues(\.tensor))
      report.times = try benchmark.times(runs: runs, warmup: warmup)
      report.stepNanoseconds = try benchmark.stepTimes(runs: min(runs, 5))
      if let profile {
        let trace = ChromeTrace.document(round.plan, nanoseconds: try benchmark.stepTimes(runs: 1))
        try AtomicFile.write(Array(trace.compact.utf8), to: profile)
      }
    } else {
      // Shapes depend on data: each run plans what comes after that data anew.
      guard profile == nil else {
        throw GraphError.invalid(file: model, nil, "shapes depend on data, so there is no plan made ahead to trace")
      }
      report.times = try time(GraphRunner(graph, planner: planner), inputs.values)
    }
    print(json ? report.json.text : report.text(perNode: perNode))
  }

  private func time(_ runner: GraphRunner, _ inputs: [String: Value]) throws -> RunTimes {
    let clock = ContinuousClock()
    for _ in 0..<warmup { _ = try runner.run(inputs) }
    var milliseconds: [Double] = []
    for _ in 0..<runs {
      let start = clock.now
      _ = try runner.run(inputs)
      milliseconds.append((clock.now - start).milliseconds)
    }
    return RunTimes(milliseconds: milliseconds)
  }

  private static func binding(_ value: Value) -> Planner.Binding {
    guard let tensor = value.tensor, tensor.elementType != .string else { return .value(value) }
    return .type(TensorType(tensor.elementType, dims: tensor.dims))
  }

  // MARK: - Inputs

  /// Values for all inputs that the graph needs, and the names of dimensions that were taken as 1.
  private func values(for graph: Graph) throws -> (values: [String: Value], assumed: [String]) {
    var values: [String: Value] = [:]
    var shapes: [String: [Int]] = [:]
    for argument in input {
      let pair = try NamedArgument(argument, option: "--input", form: "NAME=FILE or NAME=DIMS")
      if let dims = InputTypes.dims(pair.text) {
        shapes[pair.name] = dims
      } else {
        let value = try ValueOrPicture.read(pair.text, as: graph.inputs.first { $0.name == pair.name }?.type)
        values[pair.name] = value
        if let tensor = value.tensor { shapes[pair.name] = tensor.dims }
      }
    }
    do {
      var open = graph
      open.inputs.removeAll { values[$0.name].map { $0.tensor == nil } ?? false }
      let types = try InputTypes(of: open, given: shapes)
      var generator = TorchGenerator(seed: seed)
      for info in open.inputs where values[info.name] == nil {
        guard let type = types.types[info.name] else { continue }
        values[info.name] = .tensor(try Self.madeUp(type, for: info.name, &generator))
      }
      return (values, types.assumed)
    } catch {
      throw error.located(in: model)
    }
  }

  /// Small integers fit as indices, flags and time steps alike.
  private static func madeUp(_ type: TensorType, for name: String, _ generator: inout TorchGenerator) throws(GraphError)
    -> Tensor
  {
    let dims = type.dims ?? []
    guard let count = Tensor.elementCount(dims), type.elementType != .string, !type.elementType.isComplex else {
      throw .mismatch("input \"\(name)\"", expected: "numbers, or a file with --input \(name)=FILE", found: "\(type)")
    }
    if type.elementType.isFloatingPoint {
      return Tensor(type.elementType, doubles: generator.randn(count).map(Double.init), dims: dims)
    }
    return Tensor(type.elementType, int64s: generator.randint(0..<2, count: count), dims: dims)
  }
}

extension Duration {
  var milliseconds: Double { Double(components.seconds) * 1e3 + Double(components.attoseconds) / 1e15 }
}
