import OneiroEEG
import OneiroGraph
import OneiroRuntime

/// Makes of recordings what a pipeline takes, by the settings in its file.
public struct Preparation: Sendable {
  public let settings: PreparationSettings
  private let body: Graph
  /// What messages call it.
  private let pipeline: String

  /// - path: a pipeline file.
  /// - replacing: the ONNX file for each role that is to be another.
  public init(_ path: String, replacing: [String: String] = [:]) throws(DreamError) {
    let model = try Bundle.load(path, replacing: replacing)
    guard let found = try PipelineBuilder.preparation(of: model, name: path) else {
      throw .mismatch(
        at: path,
        expected: "a pipeline that says how recordings are prepared for it "
          + "(oneiro bundle replace PIPELINE --preparation preparation.json)", found: "one that does not")
    }
    (settings, body, pipeline) = (found.settings, found.body, path)
  }

  /// Trials of a recording, ready for the pipeline.
  /// - selection: which of the chosen moments.
  /// - progress: is told how many trials are done, of how many.
  public func prepare(
    _ recording: EEGRecording, _ request: PreparationRequest, _ selection: TrialSelection, planner: Planner,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(DreamError) -> PreparedRecording {
    let settings = request.applied(to: settings)
    let windows: TrialWindows, timeline: EEGTimeline, moments: [TrialMoment]
    do throws(GraphError) {
      timeline = try recording.timeline()
      moments = try recording.moments(request.trials, in: timeline)
    } catch {
      throw .graph(error)
    }
    let chosen = try selection.indices(of: moments.count, in: recording.source).map { moments[$0] }
    do {
      windows = try TrialWindows(recording, timeline, chosen, settings, channelMap: request.channelMap)
    } catch {
      throw .graph(error)
    }
    let map = windows.matrix.rows
    let matrix = Tensor(
      map.flatMap { $0.map(Float.init) }, dims: [map.count, windows.matrix.channels.count])
    let runner = GraphRunner(body, planner: planner)
    let names = body.requiredInputs.map(\.name)
    guard names.count == 2, let output = body.outputs.first?.name else {
      throw .mismatch(
        at: "\(pipeline): role \"preparation\"", expected: "inputs for the window and the channel map, and an output",
        found: names.joined(separator: ", "))
    }
    let spool = try TrialSpool(dims: [windows.moments.count, settings.montage.count, settings.sampleCount])
    var done = 0
    do throws(TrialWindows.WindowError<DreamError>) {
      try windows.forEach { (trial, window) throws(DreamError) in
        let prepared: Tensor?
        do throws(RunError) {
          prepared = try runner.run([names[0]: .tensor(window), names[1]: .tensor(matrix)])[output]?.tensor
        } catch {
          throw .run(error)
        }
        guard let prepared, prepared.elementType == .float32,
          prepared.dims == [1, settings.montage.count, settings.sampleCount]
        else {
          throw .mismatch(
            at: "\(pipeline): role \"preparation\"",
            expected: "float[1,\(settings.montage.count),\(settings.sampleCount)]",
            found: prepared.map { "\(TensorType($0.elementType, dims: $0.dims))" } ?? "none")
        }
        spool.write(prepared, row: trial)
        done += 1
        progress(done, windows.moments.count)
      }
    } catch {
      switch error {
      case .reading(let error): throw .graph(error)
      case .body(let error): throw error
      }
    }
    return try PreparedRecording(windows, timeline, trials: spool.tensor(), settings, request)
  }
}
