import ArgumentParser
import OneiroDream
import OneiroGraph
import OneiroModel
import OneiroRuntime

struct EEGPrepare: FileWriting {
  static let configuration = CommandConfiguration(
    commandName: "prepare", abstract: "Write the trials of a recording as a pipeline takes them.",
    usage: "oneiro eeg prepare [<options>] <pipeline> --eeg <file> --out <file>",
    discussion: """
      What oneiro dream does before it draws: filters, windows, electrodes, as the pipeline says. A .safetensors file gets
      eeg, float32 [trials, electrodes, samples], and what is known of the trials beside it, such as label; a .npy file the
      trials alone. Both go into dream, evaluate and quantize as they are.

        oneiro eeg prepare PIPELINE.onnx --eeg rec.bdf --event all \\
          --out trials.safetensors
        oneiro eeg prepare PIPELINE.onnx --eeg rec.edf --event 5 \\
          --baseline -0.2:0 --channel-map reference --out trials.npy
      """.flowing)

  @Argument(help: "A pipeline file.") var pipeline: String
  @Option(help: ArgumentHelp("The recording, and which of its trials.", valueName: "file[:trials]")) var eeg: String
  @Option(help: ArgumentHelp("The .safetensors or .npy file to write.", valueName: "file")) var out: String
  @OptionGroup(title: "Preparation") var preparation: PreparationOptions
  @OptionGroup var options: BackendOptions

  func validate() throws { try OutputFile.checkEnding(out, [".safetensors", ".npy"], option: "--out") }

  var outputFiles: [String] { [out] }

  func run() throws {
    try OutputFile.checkDistinct([out], inputs: [pipeline, TrialSelection.split(eeg).path])
    let opener = try RecordingOpener(pipeline, planner: try options.planner())
    let recording = try preparation.open(eeg, option: "--eeg", with: opener, isQuiet: false)
    if out.lowercased().hasSuffix(".npy") {
      try NpyFile.write(recording.trials, to: out)
    } else {
      try SafetensorsFile(tensors: recording.arrays).write(to: out)
    }
    print(
      "\(out): \(counted(recording.count, "trial")) of \(counted(recording.channelCount, "electrode")), "
        + counted(recording.sampleCount, "sample"))
  }
}
