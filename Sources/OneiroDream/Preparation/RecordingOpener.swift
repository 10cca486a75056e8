import Foundation
import OneiroEEG
import OneiroGraph
import OneiroModel
import OneiroRuntime

/// Opens whatever holds EEG as trials for a pipeline. Arrays that have the pipeline's shape are taken for trials that were
/// prepared before; everything else is prepared by the pipeline's settings.
public struct RecordingOpener {
  private let pipeline: String
  private let replacing: [String: String]
  private let planner: Planner
  /// What the pipeline takes.
  private let eeg: TensorType

  public init(_ pipeline: String, replacing: [String: String] = [:], planner: Planner) throws(DreamError) {
    self.pipeline = pipeline
    self.replacing = replacing
    self.planner = planner
    eeg = try PipelineInterface(try Bundle.load(pipeline, replacing: replacing), name: pipeline).eeg
  }

  /// - path: a recording of any format, a folder, a dataset, or arrays.
  /// - progress: is told how many trials are prepared, of how many.
  public func open(
    _ path: String, _ selection: TrialSelection = .all, _ request: PreparationRequest = PreparationRequest(),
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
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
    let preparation = try Preparation(pipeline, replacing: replacing)
    var prepared = try preparation.prepare(recording, request, selection, planner: planner, progress: progress)
    if let arrays, request.trials == nil { try prepared.addCompanions(arrays) }
    return prepared
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
