import Foundation
import OneiroGraph
import OneiroModel

/// A folder of `.npy` files, each a window [channels, samples], as encoders are pre-trained on: those in it and in
/// folders below, in the order of their paths.
enum WindowFolder {
  static func open(_ folder: String, samplingRate: Double?) throws(GraphError) -> EEGRecording {
    let names = files(in: folder)
    guard !names.isEmpty else {
      throw .mismatch(
        file: folder, nil, expected: "a BIDS dataset, or windows in .npy files", found: "a folder without either")
    }
    var trials: [TrialArrays.Trial] = [], first: (name: String, channelCount: Int)?
    for name in names {
      let path = "\(folder)/\(name)"
      let tensor = try NpyFile.read(path)
      guard tensor.rank == 2, !tensor.dims.contains(0),
        tensor.elementType.isFloatingPoint || tensor.elementType.isInteger
      else {
        throw .mismatch(
          file: path, nil, expected: "numbers [channels, samples]",
          found: "\(TensorType(tensor.elementType, dims: tensor.dims))")
      }
      let (type, dims) = (tensor.elementType, tensor.dims)
      if let first, first.channelCount != dims[0] {
        throw .mismatch(
          file: path, nil, expected: "\(first.channelCount) channels because \(first.name) has so many",
          found: "\(dims[0])")
      }
      first = first ?? (name, dims[0])
      // Opened when it is looked at: there may be more files than a process can map.
      let window = CheckpointTensor(type, dims: dims) { () throws(GraphError) in
        let tensor = try NpyFile.read(path)
        guard tensor.elementType == type, tensor.dims == dims else {
          throw .invalid(file: path, nil, "is another array than it was")
        }
        return tensor
      }
      trials.append(TrialArrays.Trial(tensor: window, offset: 0, sampleCount: dims[1]))
    }
    var recording = try ArrayReader.recording(
      trials, channelCount: first?.channelCount ?? 0, source: folder, format: "folder of .npy",
      samplingRate: samplingRate, labels: names.map { ($0, [:]) })
    recording.files = names.map { "\(folder)/\($0)" }
    return recording
  }

  private static func files(in folder: String) -> [String] {
    let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    return names.filter { $0.hasSuffix(".npy") }.sorted()
  }
}
