import ArgumentParser
import OneiroDream
import OneiroGraph
import OneiroModel
import OneiroQuantization
import OneiroRuntime

/// What the model is run on before anything is rounded.
struct CalibrationOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Recorded trials to run the pipeline on.", valueName: "file[:trials]"))
  var calibration: String?
  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "An input of a plain model; the second time a name comes, it is that of a second call.", valueName: "name=file"))
  var calibrationInput: [String] = []
  @Option(
    help: ArgumentHelp(
      "With --calibration: calls of the noise predictor that are looked at, 64 unless given.", valueName: "n"))
  var calibrationCalls: Int?
  @Option(
    help: ArgumentHelp(
      "How ranges of activations are chosen; \(RangeMethod.mse.rawValue) unless given.", valueName: "method"))
  var method: RangeMethod?

  var isEmpty: Bool { calibration == nil && calibrationInput.isEmpty }

  func validate() throws {
    if let calibrationCalls, calibrationCalls < 1 {
      throw ValidationError("--calibration-calls: expected 1 or more, found \(calibrationCalls)")
    }
    guard calibrationCalls == nil || calibration != nil else {
      throw ValidationError("--calibration-calls goes with --calibration")
    }
    guard calibration == nil || calibrationInput.isEmpty else {
      throw ValidationError("--calibration is for pipelines and --calibration-input for plain models: give one of them")
    }
    for argument in calibrationInput {
      _ = try NamedArgument(argument, option: "--calibration-input", form: "NAME=FILE")
    }
  }

  /// Of `--calibration-input`.
  var inputFiles: [String] {
    calibrationInput.compactMap { try? NamedArgument($0, option: "--calibration-input", form: "").text }
      .map(ArrayFile.file)
  }

  /// What the calls come from, as it was given.
  var text: String {
    if let calibration { return "--calibration \(calibration)" }
    let others = calibrationInput.count > 1 ? " and \(counted(calibrationInput.count - 1, "other"))" : ""
    return "--calibration-input \(calibrationInput.first ?? "")\(others)"
  }

  /// For a plain model, inputs and their files for each time that a name comes.
  /// - model: for errors.
  func calls(of graph: Graph, model: String) throws -> [(inputs: [String: Tensor], files: [String])] {
    var calls: [(inputs: [String: Tensor], files: [String])] = []
    var counts: [String: Int] = [:]
    for argument in calibrationInput {
      let pair = try NamedArgument(argument, option: "--calibration-input", form: "NAME=FILE")
      guard let info = graph.inputs.first(where: { $0.name == pair.name }) else {
        let names = graph.inputs.map(\.name).joined(separator: ", ")
        throw GraphError.mismatch(
          file: model, "input \"\(pair.name)\"", expected: "one of \(names)", found: "a name that the model has not")
      }
      guard let tensor = try ValueOrPicture.read(pair.text, as: info.type).tensor else {
        throw GraphError.mismatch(file: pair.text, nil, expected: "a tensor", found: "another kind of value")
      }
      let found = TensorType(tensor.elementType, dims: tensor.dims)
      if let expected = info.type?.tensorType, !expected.agrees(with: found) {
        throw GraphError.mismatch(
          file: pair.text, "--calibration-input \(pair.name)", expected: "\(expected)", found: "\(found)")
      }
      if let element = FiniteCheck.firstNaN(in: tensor) {
        throw GraphError.mismatch(
          file: pair.text, "--calibration-input \(pair.name)", expected: "numbers to calibrate with",
          found: "NaN as element \(element)")
      }
      let call = counts[pair.name, default: 0]
      counts[pair.name] = call + 1
      if call == calls.count { calls.append(([:], [])) }
      calls[call].inputs[pair.name] = tensor
      calls[call].files.append(pair.text)
    }
    for (index, call) in calls.enumerated() where calls.count > 1 {
      guard let missing = counts.keys.sorted().first(where: { call.inputs[$0] == nil }) else { continue }
      throw GraphError.mismatch(
        file: model, "--calibration-input \(missing)", expected: "one for each of \(calls.count) calls",
        found: "none for call \(index + 1)")
    }
    return calls
  }

  /// For a pipeline, what drawing pictures calls its parts with; `nil` where no trials are given.
  /// - scale: what the pipeline takes.
  func partCalls(
    _ model: String, scale: TrialScale?, options: Dream.Options, _ bar: ProgressBar
  ) throws -> PartCalls? {
    guard let calibration else { return nil }
    let recording = try Recording.prepared(calibration, option: "--calibration", for: scale)
    let noise = recording.noise.map { StartingNoise.given($0, source: recording.source) } ?? .seed(0)
    defer { bar.finish() }
    return try PartCalls(model, recording: recording, noise: noise, options: options, limit: calibrationCalls ?? 64) {
      picture, pictures, done, total in
      let share = (Double(picture) + Double(done) / Double(max(total, 1))) / Double(max(pictures, 1))
      bar.update(label: "calibration \(picture + 1) of \(pictures)", done: done, total: total, share: share)
    }
  }
}

extension RangeMethod: ExpressibleByArgument {}
