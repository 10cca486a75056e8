import ArgumentParser
import Foundation
import OneiroDream
import OneiroGraph
import OneiroModel
import OneiroPasses
import OneiroRuntime

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a model twice, fast and by the book, and compare every value.",
    discussion: """
      The first run is as --backend and the other options say. The second, which judges, uses --reference without any
      pass and with strict precision. Values of the same name are compared; those inside a fused step have none.
      --bisect finds the patch that makes the first value go wrong.

        oneiro compare Models/parts/unet.onnx
        oneiro compare unet.onnx --reference openblas \\
          --input sample=1x4x64x64 --tolerance 1e-3
        oneiro compare unet.onnx --bisect --tolerance 1e-6

      The reference kernels sum in double precision and take hundreds of times as long as the others: judge full-size
      models by another backend. What is NaN, or the same infinity, in both runs is no difference and is counted. Exit
      status is 1 when a value is beyond the tolerance or has no finite element to compare, and when something fails, which
      a message on standard error tells.
      """.flowing)

  @Argument(help: "An ONNX file.") var model: String
  @Option(help: ArgumentHelp("The part of a pipeline file to compare, such as unet.", valueName: "role"))
  var role: String?
  @Option(help: ArgumentHelp("Kernels of the run that judges.", valueName: "name"))
  var reference = "reference"
  @Option(
    help: ArgumentHelp(
      "How far a value may be off, in terms of its largest element.", valueName: "x"))
  var tolerance = 1e-3
  @Option(help: ArgumentHelp("Elements of each value to compare; 0 for all.", valueName: "n")) var samples = 65536
  @Option(help: ArgumentHelp("Lines to print, the worst values first; 0 for all of them in order.", valueName: "n"))
  var worst = 10
  @Flag(help: "Find the first patch that puts a value beyond the tolerance.") var bisect = false
  @Flag(help: "Print one JSON object.") var json = false
  @OptionGroup var inputs: MadeUpInputs
  @OptionGroup var options: BackendOptions

  func validate() throws {
    try BackendNames.check(reference, option: "--reference")
    guard tolerance >= 0 else { throw ValidationError("--tolerance: expected 0 or more, found \(tolerance)") }
    guard samples >= 0 else { throw ValidationError("--samples: expected 0 or more, found \(samples)") }
    guard worst >= 0 else { throw ValidationError("--worst: expected 0 or more, found \(worst)") }
  }

  func run() throws {
    var shown = try ModelReader.load(model)
    if let role { shown = try PipelineBuilder.extract(role, from: shown, name: model) }
    let graph = try LoadedModel(shown, path: model).graph
    let values = try inputs.values(for: graph, model: model)
    let judging = try Backend(reference, precision: .strict)
    InstructionSetWish.warn(of: judging)
    let judge = Planner(
      backend: judging,
      hostOperators: [DenoiseOperator.self],
      threads: options.usefulThreads, rewrites: try RewriteSettings(skipping: [RewriteSettings.all]))
    let planner = try options.planner()
    let expected = try record(graph, judge, values)
    let comparison = RunComparison(try record(graph, planner, values), reference: expected)
    options.checkStopAfter(planner.rewriteLog.entries.count)
    let report = CompareReport(
      comparison, tolerance: tolerance, patches: planner.rewriteLog.entries,
      culprit: bisect ? try culprit(graph, planner, values, expected) : nil, searched: bisect)
    guard !comparison.rows.isEmpty else {
      throw GraphError.invalid(file: model, nil, "the two runs have no value in common to compare")
    }
    if json { print(report.json(model).text) } else { print(report.text(worst: worst), terminator: "") }
    if report.hasFailed { throw ExitCode(1) }
  }

  private func record(
    _ graph: Graph, _ planner: Planner, _ inputs: (values: [String: Value], assumed: [String])
  ) throws -> ValueRecorder {
    let recorder = ValueRecorder(limit: samples == 0 ? .max : samples)
    var run = RunOptions()
    run.observe = recorder.observe
    try AssumedDimensions.explaining(inputs.assumed) {
      do { _ = try GraphRunner(graph, planner: planner).run(inputs.values, run) } catch let error as RunError {
        throw error.located(in: model)
      }
    }
    return recorder
  }

  /// The patch with the smallest number after which a value is beyond the tolerance; `nil` when there is none.
  private func culprit(
    _ graph: Graph, _ planner: Planner, _ inputs: (values: [String: Value], assumed: [String]),
    _ expected: ValueRecorder
  ) throws -> RewriteLog.Entry? {
    let all = planner.rewriteLog.entries
    func isBeyond(after patches: Int) throws -> Bool {
      var settings = planner.rewrites
      settings.stopAfter = patches
      let shortened = Planner(
        backend: planner.backend, hostOperators: planner.hostOperators, threads: planner.threads,
        tuning: planner.tuning, rewrites: settings)
      return RunComparison(try record(graph, shortened, inputs), reference: expected).first(beyond: tolerance) != nil
    }
    guard try isBeyond(after: all.count), try !isBeyond(after: 0) else { return nil }
    var good = 0, bad = all.count
    while bad - good > 1 {
      let middle = (good + bad) / 2
      if try isBeyond(after: middle) { bad = middle } else { good = middle }
    }
    return all[bad - 1]
  }
}
