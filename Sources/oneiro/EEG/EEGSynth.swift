import ArgumentParser
import Foundation
import OneiroEEG
import OneiroGraph

struct EEGSynth: FileWriting {
  static let configuration = CommandConfiguration(
    commandName: "synth", abstract: "Write a made-up recording, to try everything without data.",
    usage: "oneiro eeg synth [<options>] --out <file>",
    discussion: """
      A made-up head looks at drawings of ten classes; its answers can be told apart, among noise that looks like EEG. The
      file is EDF+ or BDF+ with an annotation for each drawing, as its ending says. Nothing in it comes from a person.

        oneiro eeg synth --out rec.bdf
        oneiro eeg synth --out cap.edf --electrodes 10-10 --trials 100 \\
          --subject 2 --seed 7
        oneiro eeg synth --out status.bdf --kind bdf   (triggers in a status channel)
      """.flowing)

  enum Electrodes: ExpressibleByArgument {
    case model, list([String])
    init?(argument: String) {
      switch argument {
      case "model": self = .model
      case "10-20": self = .list(ElectrodePositions.tenTwenty)
      case "10-10": self = .list(ElectrodePositions.tenTen)
      default:
        let names = argument.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard names.allSatisfy({ ElectrodePositions.position(of: $0) != nil }) else { return nil }
        self = .list(names)
      }
    }
    var names: [String] { if case .list(let names) = self { names } else { [] } }
  }

  enum Kind: String, ExpressibleByArgument, CaseIterable {
    case edf, edfPlus = "edf+", bdf, bdfPlus = "bdf+"
    var kind: EDFWriter.Kind {
      switch self {
      case .edf: .edf
      case .edfPlus: .edfPlus
      case .bdf: .bdf
      case .bdfPlus: .bdfPlus
      }
    }
  }

  @Option(help: ArgumentHelp("The file to write.", valueName: "file")) var out: String
  @Option(help: "edf, edf+, bdf or bdf+; the plain one for 16 or 24 bits by the file's ending has a +.") var kind: Kind?
  @Option(help: ArgumentHelp("How many drawings are shown.", valueName: "n")) var trials = 40
  @Option(help: ArgumentHelp("Seconds from one to the next, 0.512 or more.", valueName: "s")) var interval = 1.024
  @Option(help: "Whose head: 0, 1, 2 or 3.") var subject = 0
  @Option(help: ArgumentHelp("The same seed gives the same file.", valueName: "n")) var seed: UInt64 = 0
  @Option(
    help: ArgumentHelp(
      "model (128), 10-20 (21), 10-10 (64), or names with commas between them.", valueName: "names"))
  var electrodes = Electrodes.model
  @Option(help: ArgumentHelp("Microvolts for one unit of the networks.", valueName: "uV")) var scale = 1.0

  func validate() throws {
    guard (1...100_000).contains(trials) else {
      throw ValidationError("--trials: expected 1 to 100000, found \(trials)")
    }
    guard interval >= 0.512, interval <= 3600 else {
      throw ValidationError("--interval: expected 0.512 to 3600, found \(interval)")
    }
    guard (0..<SyntheticHead.subjectCount).contains(subject) else {
      throw ValidationError("--subject: expected 0 to \(SyntheticHead.subjectCount - 1), found \(subject)")
    }
    guard scale >= 0.01, scale <= 10_000 else {
      throw ValidationError("--scale: expected 0.01 to 10000, found \(scale)")
    }
    var taken: Set<String> = []
    if let twice = electrodes.names.first(where: { !taken.insert($0.lowercased()).inserted }) {
      throw ValidationError("--electrodes: expected each name once, found \"\(twice)\" twice")
    }
    if kind == nil { try OutputFile.checkEnding(out, [".edf", ".bdf"], option: "--out") }
  }

  var outputFiles: [String] { [out] }

  func run() throws {
    var file = SyntheticFile(kind?.kind ?? (out.lowercased().hasSuffix(".bdf") ? .bdfPlus : .edfPlus))
    (file.subject, file.seed, file.trialCount, file.interval) = (subject, seed, trials, interval)
    (file.electrodes, file.scale) = (electrodes.names, scale)
    let progress = ProgressBar(counting: "record")
    try file.write(to: out) { progress.update(label: "writing", done: $0, total: $1) }
    progress.finish()
    let channels = file.electrodes.isEmpty ? SyntheticHead.modelElectrodes.count : file.electrodes.count
    print(
      "\(out): \(counted(trials, "drawing")) in \(String(format: "%.1f", Double(trials + 2) * interval)) s, "
        + "\(counted(channels, "electrode")), synthetic")
  }
}
