import ArgumentParser

struct EEGCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eeg", abstract: "Look at recordings, and make some up.",
    discussion: """
      Reads EDF, EDF+, BDF, BDF+, GDF, BrainVision (.vhdr), arrays (.npy, .npz, .safetensors), folders of .npy windows,
      DreamDiffusion's dataset (.pth), and BIDS: files in a dataset with what lies beside them.
      """.flowing, subcommands: [EEGInfo.self, EEGPlot.self, EEGExport.self, EEGPrepare.self, EEGSynth.self])
}

/// What arrays do not say.
struct EEGRate: ParsableArguments {
  @Option(help: ArgumentHelp("The sampling rate of arrays that do not say it.", valueName: "Hz")) var rate: Double?

  func validate() throws {
    if let rate, !(rate > 0 && rate.isFinite) { throw ValidationError("--rate: expected more than 0, found \(rate)") }
  }
}
