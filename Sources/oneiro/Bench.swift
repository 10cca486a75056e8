import ArgumentParser
import Foundation
import OneiroDream
import OneiroGraph
import OneiroModel
import OneiroRuntime

struct Bench: FileWriting {
  static let configuration = CommandConfiguration(
    abstract: "Measure how long a model takes, node by node.",
    discussion: """
      Inputs that are not given are made up: normal noise for floats, 0 and 1 for integers; dimensions with a name are 1
      unless given. The timed runs are not profiled; the times of nodes come from runs of their own.

      GFLOP/s count the arithmetic of the operator's definition, GB/s each input, constant and output once. "of peak" is
      the larger of both in terms of what the machine does in a large product of matrices and in a large copy, measured
      in the same command. A loop's steps are listed behind the loop, all rounds together.

        oneiro bench unet.onnx --input sample=1x4x64x64 --per-node
        oneiro bench unet.onnx --backend openblas --threads 1 --json
        oneiro bench unet.onnx --profile trace.json
        oneiro bench unet_w8.onnx --max-memory 300M
      """.flowing)

  @Argument(help: "An ONNX file.") var model: String
  @OptionGroup var options: BackendOptions
  @OptionGroup var memory: MemoryOption
  @OptionGroup var packed: PackedOption
  @OptionGroup var verbosity: VerboseOption
  @Option(help: ArgumentHelp("Runs that count.", valueName: "n")) var runs = 20
  @Option(help: ArgumentHelp("Runs before the first that counts.", valueName: "n")) var warmup = 3
  @OptionGroup var inputs: MadeUpInputs
  @Flag(help: "List every node, and not only the operators.") var perNode = false
  @Flag(help: "Print one JSON object.") var json = false
  @Option(help: ArgumentHelp("Write a trace of one run for chrome://tracing or Perfetto.", valueName: "file"))
  var profile: String?

  func validate() throws {
    guard (1...1_000_000).contains(runs) else { throw ValidationError("--runs: expected 1 ... 1000000, found \(runs)") }
    guard (0...1_000_000).contains(warmup) else {
      throw ValidationError("--warmup: expected 0 ... 1000000, found \(warmup)")
    }
  }

  var outputFiles: [String] { profile.map { [$0] } ?? [] }

  func run() throws { try packed.keeping(verbosity, run(keeping:)) }

  private func run(keeping packed: PackedWeights?) throws {
    let planner = try options.planner(maxMemory: memory.maxMemory?.bytes, packed: packed)
    let clock = ContinuousClock()
    let loadStart = clock.now
    let loaded = try LoadedModel(path: model)
    let graph = loaded.graph
    try OutputFile.checkDistinct(outputFiles, inputs: [model] + loaded.model.externalFiles + inputs.files)
    let loadTime = clock.now - loadStart
    let inputs = try inputs.values(for: graph, model: model)
    let planStart = clock.now
    let round = try AssumedDimensions.explaining(inputs.assumed) {
      try inModel { try planner.round(graph, inputs: inputs.values.mapValues(MadeUpInputs.binding)) }
    }
    let planTime = clock.now - planStart
    try inModel { try round.plan.checkMemory() }
    if round.remainder == nil { options.checkStopAfter(planner.rewriteLog.entries.count) }
    verbosity.announce(round.plan)
    var report = BenchReport(
      model: model, backend: options.backend, backendOrder: planner.backend.order, threads: options.threads,
      assumed: inputs.assumed, load: (loadTime + planTime).milliseconds, planning: planTime.milliseconds,
      plan: round.plan, warmup: warmup)
    report.forecastByteCount = MemoryForecast(round.plan).peak
    if round.remainder == nil {
      var benchmark = try benchmark(round.plan, inputs.values)
      report.times = try inModel { try benchmark.times(runs: runs, warmup: warmup) }
      let stepTimes = try inModel { try benchmark.stepTimes(runs: min(runs, 5)) }
      report.peakByteCount = ProcessMemory.peakByteCount
      let trace = try profile.map { _ in ChromeTrace.document(round.plan, try benchmark.stepTimes(runs: 1)) }
      // Last, since what libraries keep of it would count as the model's.
      round.plan.letGoOfPacked()
      let peak = try MachinePeak.measure(planner)
      if peak == nil, let limit = memory.maxMemory {
        report.unmeasured =
          "not measured: that takes \(ByteCount(MachinePeak.needByteCount)) beside the program, more than --max-memory "
          + "\(limit) leaves"
      }
      report.profile = BenchProfile(steps: ProfiledStep.list(round.plan, stepTimes), peak: peak)
      if let profile, let trace { try AtomicFile.write(Array(trace.compact.utf8), to: profile) }
    } else {
      // Shapes depend on data: each run plans what comes after that data anew.
      guard profile == nil else {
        throw GraphError.invalid(file: model, nil, "shapes depend on data, so there is no plan made ahead to trace")
      }
      report.times = try inModel { try time(GraphRunner(graph, planner: planner), inputs.values) }
      report.peakByteCount = ProcessMemory.peakByteCount
    }
    verbosity.conclude(report.peakByteCount)
    print(json ? report.json.text : report.text(perNode: perNode))
  }

  private func benchmark(_ plan: ExecutionPlan, _ inputs: [String: Value]) throws(RunError) -> Benchmark {
    do { return try Benchmark(plan, inputs: inputs.compactMapValues(\.tensor)) } catch {
      throw error.located(in: model)
    }
  }

  private func inModel<Result>(_ work: () throws -> Result) throws -> Result {
    do { return try work() } catch let error as RunError { throw error.located(in: model) }
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
}

extension Duration {
  var milliseconds: Double { Double(components.seconds) * 1e3 + Double(components.attoseconds) / 1e15 }
}
