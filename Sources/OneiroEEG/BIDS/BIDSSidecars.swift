import Foundation
import OneiroGraph
import OneiroModel

/// The files that tell more about a recording, in its folder or in one above:
/// https://bids-specification.readthedocs.io. Of several, the one that is nearest and names most is taken.
struct BIDSSidecars {
  let channels: String?, events: String?
  /// Of several spaces, the first by name.
  let electrodes: String?, coordinates: String?
  /// The farthest first: values of nearer ones replace those of farther ones.
  let descriptions: [String]

  /// - Returns: `nil` where the path is not one of BIDS.
  init?(of path: String) {
    let (folder, name) = Self.split(path)
    guard let bids = BIDSName(name), bids.suffix == "eeg", bids.entities["sub"] != nil else { return nil }
    var found: [String: [String]] = [:]
    for folder in Self.folders(from: folder) {
      let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
      let sidecars = names.compactMap { name in BIDSName(name).map { (name, $0) } }.filter { _, sidecar in
        sidecar.applies(to: bids) && Self.known.contains(sidecar.suffix + sidecar.ending)
      }
      for (name, sidecar) in sidecars.sorted(by: { $0.1.entities.count > $1.1.entities.count }) {
        found[sidecar.suffix, default: []].append("\(folder)/\(name)")
      }
    }
    channels = found["channels"]?.first
    events = found["events"]?.first
    electrodes = found["electrodes"]?.first
    // Places and the axes that they are told in belong together by their space.
    func space(_ path: String) -> String? { BIDSName(Self.split(path).name)?.entities["space"] }
    let electrodeSpace = electrodes.flatMap(space)
    coordinates = found["coordsystem"]?.first { space($0) == electrodeSpace }
    descriptions = found["eeg"]?.reversed() ?? []
  }

  private static let known = ["eeg.json", "channels.tsv", "events.tsv", "electrodes.tsv", "coordsystem.json"]

  static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path) }
    return (slash == path.startIndex ? "/" : String(path[..<slash]), String(path[path.index(after: slash)...]))
  }

  /// The folder and those above it up to the one that is the dataset: a folder `eeg`, of a session, of a subject.
  private static func folders(from folder: String) -> [String] {
    var folders = [folder]
    while folders.count < 5,
      !FileManager.default.fileExists(atPath: "\(folders[folders.count - 1])/dataset_description.json")
    {
      let last = folders[folders.count - 1], name = split(last).name
      guard name == "eeg" || name.hasPrefix("ses-") || name.hasPrefix("sub-") else { break }
      folders.append(split(last).folder)
    }
    return folders
  }
}
