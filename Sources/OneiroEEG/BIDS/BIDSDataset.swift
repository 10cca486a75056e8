import Foundation

/// The EEG recordings in a folder of a BIDS dataset: of the whole, of a subject or of a session.
public enum BIDSDataset {
  /// Kinds of files that hold the samples; `.vhdr` stands for the three of BrainVision.
  private static let endings = [".edf", ".bdf", ".vhdr"]

  /// The folder of what was shown, in the data set that a recording or a folder is part of, where there is one.
  public static func stimuli(of path: String) -> String? {
    var folder = path
    for _ in 0..<6 {
      if FileManager.default.fileExists(atPath: "\(folder)/dataset_description.json") {
        let stimuli = "\(folder)/stimuli"
        return FileManager.default.fileExists(atPath: stimuli) ? stimuli : nil
      }
      folder = BIDSSidecars.split(folder).folder
    }
    return nil
  }

  /// Paths in order; none where the folder is no part of such a dataset.
  public static func recordings(in folder: String) -> [String] {
    let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    return names.filter { path in
      guard let name = BIDSName(BIDSSidecars.split(path).name) else { return false }
      return name.suffix == "eeg" && name.entities["sub"] != nil && endings.contains(name.ending)
    }.sorted().map { "\(folder)/\($0)" }
  }
}
