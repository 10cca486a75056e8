import ArgumentParser
import OneiroDream
import OneiroGraph
import OneiroModel
import OneiroOps
import OneiroPasses
import OneiroRuntime

struct Dump: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show a model's graph, or the plan by which it would run.",
    discussion: """
      --stage loaded shows the graph of the file in ONNX's text syntax, with the types that can be inferred.
      --stage optimized shows it after all passes, --stage planned the steps in order: kernels, operands and their places,
      memory. Both need the shapes of the inputs: dimensions with a name are 1 unless given.

        oneiro dump dream.onnx --depth 0
        oneiro dump dream.onnx --role vae_decoder --format dot |
          dot -Tsvg > decoder.svg
        oneiro dump unet.onnx --stage planned --input sample=2x4x64x64 --verbose
        oneiro dump unet.onnx --stage optimized --verbose --skip fuse-silu
        oneiro dump --list-passes
      """.flowing)

  enum Stage: String, ExpressibleByArgument, CaseIterable { case loaded, optimized, planned }
  enum Format: String, ExpressibleByArgument, CaseIterable { case text, json, dot }

  @Argument(help: "An ONNX file.") var model: String?
  @Flag(help: "List the passes in their order, and what each one does.") var listPasses = false
  @Option(help: "What to show: loaded, optimized or planned.") var stage = Stage.loaded
  @Option(help: "How to show it: text, json, or dot for Graphviz.") var format = Format.text
  @Option(help: ArgumentHelp("The part of a pipeline file to show, such as unet.", valueName: "role")) var role: String?
  @Option(help: ArgumentHelp("Levels of bodies to show with their nodes; the default is all.", valueName: "n"))
  var depth: Int?
  @Option(help: ArgumentHelp("The shape of an input, such as eeg=1x128x512, or NAME=scalar.", valueName: "name=dims"))
  var input: [String] = []
  @Flag(help: "With --stage planned: why earlier kernels did not take a node. With --stage optimized: every patch.")
  var verbose = false
  @OptionGroup var options: BackendOptions

  func validate() throws {
    if let depth, depth < 0 { throw ValidationError("--depth: expected 0 or more, found \(depth)") }
    _ = try InputTypes.shapes(input)
    guard model != nil || listPasses else { throw ValidationError("Missing expected argument '<model>'") }
    guard stage == .loaded, !listPasses else { return }
    // Nobody would notice that they do nothing.
    for (option, isGiven) in [
      ("--skip", options.skip != nil), ("--stop-after", options.stopAfter != nil), ("--verbose", verbose),
    ] where isGiven {
      throw ValidationError(
        "\(option) goes with --stage optimized or --stage planned: the graph of the file has been through no pass")
    }
  }

  func run() throws {
    if listPasses { return showPasses() }
    guard let model else { return }
    var shown = try ModelReader.load(model)
    if let role { shown = try PipelineBuilder.extract(role, from: shown, name: model) }
    switch stage {
    case .loaded: try showLoaded(&shown, model)
    case .optimized: try showOptimized(shown, model)
    case .planned: try showPlan(of: shown, model)
    }
  }

  // MARK: - Loaded

  /// Elements of a tensor beyond which only its type is shown.
  private static let elidedCount = 16

  private func showLoaded(_ shown: inout Model, _ model: String) throws {
    let given = try InputTypes.shapes(input)
    do throws(GraphError) {
      // Only the inputs that were given a shape are bound; the others keep their names of dimensions.
      let bound =
        given.isEmpty ? [:] : try InputTypes(of: shown.graph, given: given).types.filter { given[$0.key] != nil }
      for index in shown.graph.inputs.indices {
        if let type = bound[shown.graph.inputs[index].name] { shown.graph.inputs[index].type = .tensor(type) }
      }
      shown.graph = try Self.withInferredTypes(shown.graph)
    } catch {
      throw error.located(in: model)
    }
    switch format {
    case .text: print(GraphText.print(shown, elideAbove: Self.elidedCount, depth: depth), terminator: "")
    case .json: print(GraphJSON.document(shown, elideAbove: Self.elidedCount, depth: depth).text)
    case .dot: print(GraphDOT.print(shown.graph, depth: depth), terminator: "")
    }
  }

  /// The graph with the types of all values inside that are known; those of bodies follow from what the bodies state.
  private static func withInferredTypes(_ graph: Graph) throws(GraphError) -> Graph {
    var result = graph
    let types = try TypeInference.infer(graph)
    let made = Set(graph.nodes.flatMap(\.outputs)).subtracting(graph.outputs.map(\.name)).subtracting([""])
    for name in made { if let type = types[name] { result.valueInfos[name] = type } }
    for index in result.outputs.indices {
      result.outputs[index].type = types[result.outputs[index].name] ?? result.outputs[index].type
    }
    for index in result.nodes.indices {
      for (name, attribute) in result.nodes[index].attributes {
        guard case .graph(let body) = attribute, body.capturedNames.isEmpty else { continue }
        result.nodes[index].attributes[name] = .graph(try withInferredTypes(body))
      }
    }
    return result
  }

  // MARK: - Optimized

  private func showPasses() {
    var table = TextTable([.left("pass"), .left("what it does"), .left("why it stands there")])
    for entry in RewriteRules.list { table.add([entry.rule.name, entry.rule.summary, entry.reason]) }
    table.add([
      RewriteSettings.hoisting, "what a loop's body computes from its context or timestep alone runs once",
      "on the steps of the plan, after all passes",
    ])
    for line in table.lines { print(line) }
  }

  private func showOptimized(_ shown: Model, _ model: String) throws {
    let optimized = try OptimizedModel(shown, path: model, shapes: try InputTypes.shapes(input), options: options)
    let result = optimized.model(like: shown)
    switch format {
    case .text:
      if !optimized.assumed.isEmpty {
        print("// dimensions taken as 1 (see --input): \(optimized.assumed.joined(separator: ", "))")
      }
      let counts = optimized.counts.map { "\($0.rule) \($0.count)" }.joined(separator: ", ")
      print("// \(counted(optimized.patches.count, "patch", plural: "patches"))\(counts.isEmpty ? "" : ": \(counts)")")
      if verbose {
        for patch in optimized.patches { print("// \(patch.number) \(patch.rule): \(patch.reason)") }
      }
      for node in optimized.waiting { print("// waits for data of a run: \(node.op) \"\(node.label)\"") }
      print(GraphText.print(result, elideAbove: Self.elidedCount, depth: depth), terminator: "")
    case .json:
      let patches = optimized.patches.map { patch in
        JSONValue.object([
          ("number", .int(Int64(patch.number))), ("pass", .string(patch.rule)), ("value", .string(patch.value)),
          ("reason", .string(patch.reason)),
        ])
      }
      print(
        JSONValue.object([
          ("model", .string(model)), ("assumed_dimensions", .array(optimized.assumed.map(JSONValue.string))),
          ("patches", .array(patches)),
          ("graph", GraphJSON.document(result, elideAbove: Self.elidedCount, depth: depth)),
        ]).text)
    case .dot: print(GraphDOT.print(result.graph, depth: depth), terminator: "")
    }
  }

  // MARK: - Planned

  private func showPlan(of shown: Model, _ model: String) throws {
    let loaded = try LoadedModel(shown, path: model)
    let inputs: InputTypes
    do { inputs = try InputTypes(of: loaded.graph, given: try InputTypes.shapes(input)) } catch let error as GraphError
    {
      throw error.located(in: model)
    }
    let planner = try options.planner()
    let round = try AssumedDimensions.explaining(inputs.assumed) {
      try planner.round(loaded.graph, inputs: inputs.types.mapValues(Planner.Binding.type))
    }
    let waiting = round.remainder?.graph.nodes ?? []
    if waiting.isEmpty { options.checkStopAfter(planner.rewriteLog.entries.count) }
    switch format {
    case .text:
      if !inputs.assumed.isEmpty {
        print("dimensions taken as 1 (see --input): \(inputs.assumed.joined(separator: ", "))")
      }
      print("backend: \(try options.load().order)")
      print(PlanText.print(round.plan, depth: depth, verbose: verbose), terminator: "")
      guard !waiting.isEmpty else { return }
      print("\nnot planned, since their shapes depend on what a run brings: \(counted(waiting.count, "node"))")
      for node in waiting { print("  \(node.op) \"\(node.label)\"") }
    case .json:
      print(
        JSONValue.object([
          ("model", .string(model)), ("backend", .string(options.backend)),
          ("assumed_dimensions", .array(inputs.assumed.map(JSONValue.string))),
          ("plan", PlanJSON.document(round.plan, depth: depth)),
          (
            "not_planned",
            .array(waiting.map { .object([("name", .string($0.label)), ("op", .string("\($0.op)"))]) })
          ),
        ]).text)
    case .dot: print(PlanDOT.print(round.plan, depth: depth), terminator: "")
    }
  }
}
