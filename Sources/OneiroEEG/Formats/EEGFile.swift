import Foundation
import OneiroGraph
import OneiroModel

extension EEGRecording {
  /// Opens a recording of any format that is known; the content tells which. Of a file in a BIDS dataset, the files
  /// beside it are read too. A folder is one of `.npy` windows, or one with a single recording of BIDS.
  /// - samplingRate: in Hz, for arrays and DreamDiffusion's dataset, which often do not say.
  /// - Throws: also when a rate is given for a file of another format, which states its own.
  public static func open(_ path: String, samplingRate: Double? = nil) throws(GraphError) -> EEGRecording {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      return try open(folder: path, samplingRate: samplingRate)
    }
    if ArrayFile.endings.contains(where: path.lowercased().hasSuffix) {
      return try ArrayReader.open(path, samplingRate: samplingRate)
    }
    let file = try MappedFile(path)
    let format = try file.withBytes { (bytes) throws(GraphError) in FileFormat(bytes) }
    if let samplingRate, let format, format != .torch { throw statedRate(path, given: samplingRate) }
    var recording =
      switch format {
      case .edf: try EDFReader.open(file)
      case .gdf: try GDFReader.open(file)
      case .brainVision: try BrainVisionReader.open(file)
      case .torch: try DreamDiffusionDataset(contentsOf: path).recording(samplingRate: samplingRate)
      case nil: throw unknown(path, file)
      }
    if let sidecars = BIDSSidecars(of: path) { try recording.addSidecars(sidecars) }
    return recording
  }

  private static func open(folder: String, samplingRate: Double?) throws(GraphError) -> EEGRecording {
    let recordings = BIDSDataset.recordings(in: folder)
    switch recordings.count {
    case 0: return try WindowFolder.open(folder, samplingRate: samplingRate)
    case 1: return try open(recordings[0], samplingRate: samplingRate)
    default:
      throw .mismatch(
        file: folder, nil, expected: "one recording",
        found:
          "\(recordings.count): \(recordings.prefix(3).joined(separator: ", "))\(recordings.count > 3 ? ", ..." : "")")
    }
  }

  /// A rate in Hz that is given for a file, or a dataset, that is none of arrays.
  package static func statedRate(_ path: String, given rate: Double) -> GraphError {
    .mismatch(
      file: path, "sampling rate", expected: "none to be given, as only arrays need one: the file states its own rate",
      found: "\(rate) Hz")
  }

  private static func unknown(_ path: String, _ file: MappedFile) -> GraphError {
    let name = BIDSSidecars.split(path).name, stem = path.split(separator: ".").dropLast().joined(separator: ".")
    // Of BrainVision's three files, the header is the one to name.
    let hint = [".eeg", ".vmrk"].contains(where: name.hasSuffix) ? " (of BrainVision, give \(stem).vhdr)" : ""
    let start = file.bytes.prefix(8).map { String(format: "%02x", Int($0)) }.joined(separator: " ")
    return .mismatch(
      file: path, nil,
      expected: "EDF, BDF, GDF, a BrainVision header (.vhdr), .npy, .npz, .safetensors or a .pth dataset\(hint)",
      found: file.bytes.isEmpty ? "an empty file" : "\(file.bytes.count) bytes that begin with \(start)")
  }
}

/// Formats that tell themselves by their first bytes.
private enum FileFormat {
  case edf, gdf, brainVision, torch

  init?(_ bytes: UnsafeRawBufferPointer) {
    if EDFHeader.Kind(bytes) != nil {
      self = .edf
    } else if GDFHeader.isGDF(bytes) {
      self = .gdf
    } else if BrainVisionHeader.isHeader(bytes) {
      self = .brainVision
    } else if TorchFile.isTorchFile(bytes) {
      self = .torch
    } else {
      return nil
    }
  }
}
