import Foundation
import OneiroEEG
import OneiroGraph
import OneiroModel
import OneiroRuntime

/// Opens whatever holds EEG as trials for a pipeline. Arrays that have the pipeline's shape are taken for trials that
/// were prepared before; everything else is prepared by the pipeline's settings.
public struct RecordingOpener {
  private let pipeline: String
  private let replacing: [String: String]
  private let planner: Planner
  /// What the pipeline takes.
  private let eeg: TensorType
  private let scale: TrialScale?

  public init(_ pipeline: String, replacing: [String: String] = [:], planner: Planner) throws(DreamError) {
    let model = try Bundle.load(pipeline, replacing: replacing)
    try self.init(pipeline, model: model, replacing: replacing, planner: planner)
  }

  /// - model: what `Bundle.load` makes of the pipeline file, for who needs it afterwards.
  public init(
    _ pipeline: String, model: Model, replacing: [String: String], planner: Planner
  ) throws(DreamError) {
    self.pipeline = pipeline
    self.replacing = replacing
    self.planner = planner
    eeg = try PipelineInterface(model, name: pipeline).eeg
    scale = TrialScale(model, name: pipeline)
  }

  /// - path: a recording of any format, a folder, a dataset, or arrays.
  /// - progress: is told how many trials are prepared, of how many.
  public func open(
    _ path: String, _ selection: TrialSelection = .all, _ request: PreparationRequest = PreparationRequest(),
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(DreamError) -> PreparedRecording {
    var prepared = try prepared(path, selection, request, progress: progress)
    if let warning = scale?.warning(of: prepared.recording) { prepared.warnings.append(warning) }
    return prepared
  }

  private func prepared(
    _ path: String, _ selection: TrialSelection, _ request: PreparationRequest,
    progress: (_ done: Int, _ total: Int) -> Void
  ) throws(DreamError) -> PreparedRecording {
    let arrays = try arrays(path)
    if let arrays, !request.isExplicit {
      let recording = try Recording(arrays, source: path)
      let fault = Self.fault(recording, eeg)
      if fault == nil { return PreparedRecording(asItIs: try recording.selecting(selection)) }
      // A pipeline without settings has nothing better to say.
      if let fault, try PipelineBuilder.preparation(of: try Bundle.load(pipeline), name: pipeline) == nil {
        throw fault
      }
    }
    let recording: EEGRecording
    do { recording = try EEGRecording.open(path, samplingRate: request.samplingRate) } catch { throw .graph(error) }
    if arrays == nil, !request.isExplicit, let windows = try storedWindows(recording, selection) {
      return PreparedRecording(asItIs: windows)
    }
    let preparation = try Preparation(pipeline, replacing: replacing)
    var prepared = try preparation.prepare(recording, request, selection, planner: planner, progress: progress)
    if let arrays, request.trials == nil { try prepared.addCompanions(arrays) }
    return prepared
  }

  /// A folder's windows, where all of them have the pipeline's shape; `nil` for anything else. The trials of a data set
  /// are never what a model takes, whatever their length.
  private func storedWindows(
    _ recording: EEGRecording, _ selection: TrialSelection
  ) throws(DreamError) -> Recording? {
    let ranges: [Range<Int>]?
    do { ranges = try windowRanges(recording) } catch { throw .graph(error) }
    guard let ranges else { return nil }
    let chosen = try selection.indices(of: ranges.count, in: recording.source)
    let spool = try TrialSpool(dims: [chosen.count, recording.channels.count, ranges[0].count])
    for (row, trial) in chosen.enumerated() {
      let window: Tensor
      do {
        window = try recording.read(Array(recording.channels.indices), in: ranges[trial])
      } catch {
        throw .graph(error)
      }
      spool.write(Tensor(window.doubles().map(Float.init), dims: window.dims), row: row)
    }
    return Recording(
      source: recording.source, files: recording.files, preparation: nil, trials: spool.tensor(), trialNumbers: chosen,
      TrialCompanions(origins: TrialOrigins([:])))
  }

  private func windowRanges(_ recording: EEGRecording) throws(GraphError) -> [Range<Int>]? {
    guard recording.isSetOfTrials, recording.files != [recording.source], let shape = eeg.shape, shape.count == 3,
      shape[1].extent == recording.channels.count, let length = shape[2].extent
    else { return nil }
    let ranges = try recording.timeline().segments.map { $0.samples(at: recording.channels[0].samplingRate) }
    return !ranges.isEmpty && ranges.allSatisfy { $0.count == length } ? ranges : nil
  }

  /// The arrays of a file that holds such; `nil` for a recording.
  private func arrays(_ path: String) throws(DreamError) -> [String: Tensor]? {
    var isFolder: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    guard !isFolder.boolValue, ArrayFile.endings.contains(where: path.lowercased().hasSuffix) else { return nil }
    do { return try ArrayFile.readAll(path, onlyArray: "eeg") } catch { throw .graph(error) }
  }

  private static func fault(_ recording: Recording, _ eeg: TensorType) -> DreamError? {
    do throws(DreamError) { try recording.check(fits: eeg, named: PipelineInterface.eegName) } catch { return error }
    return nil
  }
}
