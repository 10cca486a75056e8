import Foundation
import OneiroGraph
import OneiroModel
import OneiroQuantization
import OneiroRuntime

/// What `oneiro quantize` does with one graph, with progress to look at.
struct QuantizationJob {
  enum Plan {
    case selection(LayerSelection)
    case recipe(QuantizationRecipe, path: String)
    /// What meets a goal; what the selection keeps stays.
    case automatic(LayerSelection, ChoiceGoal)
  }
  let plan: Plan
  /// Whether channels of activations are brought closer to each other.
  let equalizes: Bool
  let method: RangeMethod
  let planner: Planner
  /// Whether to tell how long each layer takes.
  let timesLayers: Bool
  let isQuiet: Bool

  /// For one piece of the work.
  func bar(counting unit: String? = "step") -> ProgressBar { ProgressBar(isQuiet: isQuiet, counting: unit) }

  /// Refuses a goal that no choice of schemes can meet, before anything is measured.
  /// - model: a plain model, or a part of a pipeline as one.
  func checkGoal(of model: Model, role: String, path: String) throws {
    guard case .automatic(let keep, let goal) = plan, !QuantizableLayer.all(in: model.graph).isEmpty else { return }
    do {
      try goal.check(in: try LoadedModel(model, path: path).graph, keep: keep)
    } catch let error as RunError {
      throw error.located(in: role.isEmpty ? path : "\(path): \(role)")
    }
  }

  /// Chooses what layers become, and measures ranges where that needs them.
  /// - model: a plain model, or a part of a pipeline as one.
  func prepare(_ model: Model, role: String, path: String, _ calibration: Calibration?) throws -> PreparedPart {
    do throws(GraphError) { try QuantizedModelCheck.check(model.graph) } catch { throw error.located(in: path) }
    var equalization = try equalization(of: model, role: role, path: path, calibration)
    let original = model.graph
    var model = model
    if let equalization { model.graph = equalization.graph }
    let (choices, known, compared) = try choices(for: model, role: role, path: path, calibration)
    if case .automatic = plan, let wanted = equalization {
      do throws(GraphError) {
        let settled = try wanted.settled(for: original, choices)
        (equalization, model.graph) = (settled, settled.graph)
      } catch { throw error.located(in: path) }
    }
    let isKnown = choices.allSatisfy { !$0.scheme.needsCalibration || known[$0.layer.activation] != nil }
    guard let calibration, !isKnown else {
      return PreparedPart(
        role: role, model: model, path: path, choices: choices, activations: known, calibration: calibration,
        equalization: equalization, compared: compared)
    }
    let graph = try LoadedModel(model, path: path).graph
    let label = role.isEmpty ? "calibration" : "ranges of \(role)"
    let bar = bar()
    defer { bar.finish() }
    let settled: [LayerChoice], activations: [String: ActivationQuantization]
    do {
      (settled, activations) = try calibration.ranges(for: choices, in: graph, method: method, planner: planner) {
        bar.update(label: label, done: $0, total: $1)
      }
    } catch {
      throw error.located(in: role.isEmpty ? path : "\(path): \(role)")
    }
    return PreparedPart(
      role: role, model: model, path: path, choices: settled, activations: activations, calibration: calibration,
      equalization: equalization, compared: compared)
  }

  /// `nil` where nothing is to be equalized.
  private func equalization(
    of model: Model, role: String, path: String, _ calibration: Calibration?
  ) throws -> Equalization? {
    let layers = QuantizableLayer.all(in: model.graph), wanted: [LayerChoice]
    switch plan {
    case .recipe(let recipe, let file):
      let given = recipe.equalized(role: role)
      guard !given.isEmpty else { return nil }
      do throws(GraphError) {
        return try Equalization(model.graph, recipe.choices(for: layers, role: role).choices, replaying: given)
      } catch { throw error.located(in: file) }
    case .selection(let selection): wanted = selection.choices(for: layers)
    // What is chosen in the end is not known yet; rounded activations gain most.
    case .automatic(let keep, _): wanted = LayerSelection(.w8a8, keep: keep.keep).choices(for: layers)
    }
    guard equalizes, let calibration else { return nil }
    let bar = bar()
    defer { bar.finish() }
    do {
      return try Equalization(
        model.graph, wanted, runnable: try LoadedModel(model, path: path).graph, calibration: calibration,
        method: method, planner: planner
      ) { bar.update(label: role.isEmpty ? "equalization" : "equalization of \(role)", done: $0, total: $1) }
    } catch let error as RunError {
      throw error.located(in: role.isEmpty ? path : "\(path): \(role)")
    }
  }

  private func choices(
    for model: Model, role: String, path: String, _ calibration: Calibration?
  ) throws -> ([LayerChoice], [String: ActivationQuantization], [ComparedChoice]) {
    let layers = QuantizableLayer.all(in: model.graph)
    switch plan {
    case .selection(let selection):
      guard !layers.isEmpty || !role.isEmpty else {
        throw GraphError.mismatch(
          file: path, nil, expected: "a Conv, ConvTranspose, MatMul or Gemm with a float32 weight of 1 KiB or more",
          found: "none")
      }
      let choices = selection.choices(for: layers)
      return (calibration == nil ? choices.map(\.withoutCalibration) : choices, [:], [])
    case .automatic(let keep, let goal):
      guard !layers.isEmpty || role.isEmpty else { return ([], [:], []) }
      guard let calibration else {
        throw GraphError.mismatch(
          file: path, role.isEmpty ? nil : "role \"\(role)\"", expected: "calls to measure with",
          found: "none, as drawing a picture does not run it")
      }
      var bar = bar(), current: ChoiceProgress.Phase?
      defer { bar.finish() }
      func show(_ progress: ChoiceProgress) {
        if progress.done == 1 || progress.phase != current {
          bar.finish()
          (bar, current) = (self.bar(), progress.phase)
        }
        let label = progress.phase.label
        bar.update(
          label: role.isEmpty ? label : "\(label) of \(role)", done: progress.done, total: progress.total,
          share: progress.share)
      }
      do {
        let chooser = try AutomaticChoice(
          try LoadedModel(model, path: path).graph, calibration, goal: goal, method: method, planner: planner,
          progress: show)
        bar.finish()
        if !isQuiet {
          let measured = keep.choices(for: layers).count { $0.scheme != .f32 }
          announce(try chooser.estimatedSeconds(keep: keep), measured, role: role)
        }
        let result = try chooser.choices(for: layers, keep: keep, progress: show)
        return (result.choices, result.activations, result.compared)
      } catch RunError.graph(let error) {
        throw error.located(in: role.isEmpty ? path : "\(path): \(role)")
      }
    case .recipe(let recipe, let file):
      do throws(GraphError) {
        let (choices, activations) = try recipe.choices(for: layers, role: role)
        return (choices, activations, [])
      } catch { throw error.located(in: file) }
    }
  }

  /// Says ahead what takes a while.
  private func announce(_ seconds: Double, _ layerCount: Int, role: String) {
    guard seconds >= 60 else { return }
    let part = role.isEmpty ? "" : "\(role): "
    StandardError.print("\(part)measuring \(counted(layerCount, "layer")) takes about \(ProgressBar.duration(seconds))")
  }

  /// Measures what became of the graph, where there are calls to do that with.
  func report(on part: PreparedPart, _ written: QuantizedGraph) throws -> PartReport {
    guard let calls = part.calibration?.calls else {
      return PartReport(
        role: part.role, original: part.model.graph, quantized: written, equalization: part.equalization)
    }
    var after = part.model
    after.graph = written.graph
    after.useCanonicalForm()
    let (graph, quantized) = (
      try LoadedModel(part.model, path: part.path).graph, try LoadedModel(after, path: part.path).graph
    )
    let bar = bar()
    defer { bar.finish() }
    let evaluation = try Evaluation(
      graph, quantized, calls: calls, values: Set(written.layers.map(\.output)), planner: planner
    ) { bar.update(label: part.role.isEmpty ? "evaluation" : "evaluation of \(part.role)", done: $0, total: $1) }
    let layerTimes =
      timesLayers
      ? try LayerTimer(graph, call: calls[0], planner: planner).times(of: part.choices, activations: part.activations)
      : [:]
    let times = try GraphTime.times(of: [graph, quantized], call: calls[0], planner: planner)
    return PartReport(
      role: part.role, original: part.model.graph, quantized: written, equalization: part.equalization,
      evaluation: evaluation, seconds: CallTime(before: times[0].median, after: times[1].median),
      layerTimes: layerTimes, compared: part.compared)
  }
}

extension ChoiceProgress.Phase {
  /// For people.
  fileprivate var label: String {
    switch self {
    case .outputs: "outputs"
    case .layers: "layers"
    case .whole: "choice"
    }
  }
}

/// A graph that is about to be written.
struct PreparedPart {
  let role: String
  let model: Model
  let path: String
  let choices: [LayerChoice]
  let activations: [String: ActivationQuantization]
  let calibration: Calibration?
  /// What was done to `model`, where something was.
  let equalization: Equalization?
  /// Whole graphs that the choices were held against.
  let compared: [ComparedChoice]

  func write(to stream: consuming WeightStream, _ job: QuantizationJob) throws(GraphError) -> QuantizedGraph {
    let total = model.graph.initializers.values.reduce(0) { $0 + $1.storedByteCount }
    let bar = job.bar(counting: nil)
    defer { bar.finish() }
    var done = 0
    return try GraphQuantizer(model.graph, choices, activations: activations).write(to: stream) { byteCount in
      done += byteCount
      bar.update(label: role.isEmpty ? "weights" : "weights of \(role)", done: done, total: total)
    }
  }
}

extension PreparedPart {
  /// One whose layers stay as they are.
  init(untouched model: Model, role: String, path: String) {
    self.init(
      role: role, model: model, path: path, choices: [], activations: [:], calibration: nil,
      equalization: nil, compared: [])
  }
}
