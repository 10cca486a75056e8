import Foundation
import OneiroEEG
import OneiroGraph
import OneiroRuntime

/// The recordings of a BIDS dataset, one a line. One that cannot be opened does not hide the others.
struct EEGDatasetReport {
  let folder: String
  let paths: [String]

  func show(json: Bool) {
    var table = TextTable([
      .left("recording"), .left("format"), .right("channels"), .right("bad"), .right("Hz"), .right("s"),
    ])
    var objects: [JSONValue] = [], faults: [String] = []
    for path in paths {
      let name = String(path.dropFirst(folder.count).drop { $0 == "/" })
      do {
        let recording = try EEGRecording.open(path)
        let bad = recording.channels.filter(\.isBad).count
        let rate = recording.channels.map(\.samplingRate).max() ?? 0
        table.add([
          name, recording.format, "\(recording.channels.count)", "\(bad)", String(format: "%.6g", rate),
          String(format: "%.6g", recording.duration),
        ])
        objects.append(
          .object([
            ("file", .string(path)), ("format", .string(recording.format)),
            ("channels", .int(recording.channels.count)),
            ("bad", .int(bad)), ("sampling_rate_hz", .number(rate)), ("duration_s", .number(recording.duration)),
            ("warnings", .array(recording.warnings.map(JSONValue.string))),
          ]))
        faults += recording.warnings.map { "warning: \(name): \($0)" }
      } catch {
        table.add([name, "cannot be read", "", "", "", ""])
        objects.append(.object([("file", .string(path)), ("error", .string("\(error)"))]))
        faults.append("error: \(error)")
      }
    }
    if json {
      print(JSONValue.object([("folder", .string(folder)), ("recordings", .array(objects))]).text)
      return
    }
    for line in table.lines { print(line) }
    print("\n\(paths.count) recordings")
    for fault in faults { print(fault) }
  }
}
