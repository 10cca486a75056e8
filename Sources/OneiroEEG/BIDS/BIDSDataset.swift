import Foundation

/// The EEG recordings in a folder of a BIDS dataset: of the whole, of a subject or of a session.
public enum BIDSDataset {
  /// Kinds of files that hold the samples; `.vhdr` stands for the three of BrainVision.
  private static let endings = [".edf", ".bdf", ".vhdr"]

  /// Paths in order; none where the folder is no part of such a dataset.
  public static func recordings(in folder: String) -> [String] {
    let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    return names.filter { path in
      guard let name = BIDSName(BIDSSidecars.split(path).name) else { return false }
      return name.suffix == "eeg" && name.entities["sub"] != nil && endings.contains(name.ending)
    }.sorted().map { "\(folder)/\($0)" }
  }
}
