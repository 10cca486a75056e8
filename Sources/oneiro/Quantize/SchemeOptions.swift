import ArgumentParser
import OneiroQuantization
import OneiroRuntime

/// What layers become: a scheme, a goal that schemes are chosen for, or the choices of an earlier run.
struct SchemeOptions: ParsableArguments {
  @Option(help: ArgumentHelp("What layers become: \(LayerScheme.names), or auto.", valueName: "scheme"))
  var scheme: SchemeArgument?
  @Option(
    help: ArgumentHelp(
      "With --scheme auto: the least signal-to-noise ratio of a part's outputs, in decibels.", valueName: "dB"))
  var minSnr: Double?
  @Option(
    help: ArgumentHelp(
      "What --min-snr makes the best of: speed, as measured here, which is the default, or size.", valueName: "what"))
  var prefer: Preference?
  @Option(
    help: ArgumentHelp("With --scheme auto: the least noise with calls of a part in so long.", valueName: "ms"))
  var maxTime: Double?
  @Option(
    help: ArgumentHelp(
      "With --scheme auto: the least noise with weights of a part that small: 300M, 1.5G.", valueName: "bytes"),
    transform: ByteCount.argument)
  var maxMemory: ByteCount?
  @Flag(
    help: "Bring the channels of an activation closer to each other, where calibration shows less noise for it.")
  var equalize = false
  @Option(help: ArgumentHelp("Make the choices of an earlier --report FILE.json again.", valueName: "json"))
  var recipe: String?
  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("A layer that stays as it is, * for any characters; may be repeated.", valueName: "name"))
  var keep: [String] = []

  enum Preference: String, ExpressibleByArgument, CaseIterable { case speed, size }

  func validate() throws {
    guard scheme != nil || recipe != nil else {
      throw ValidationError("say what layers become: --scheme NAME, or --recipe FILE")
    }
    guard scheme == nil || recipe == nil else {
      throw ValidationError("--scheme does not go with --recipe, which says what layers become")
    }
    guard !equalize || recipe == nil else {
      throw ValidationError("--equalize does not go with --recipe, which says what is equalized")
    }
    guard keep.isEmpty || recipe == nil else {
      throw ValidationError("--keep does not go with --recipe, which says what stays as it is")
    }
    let goals = [minSnr != nil, maxTime != nil, maxMemory != nil].count { $0 }
    guard goals == (scheme == .auto ? 1 : 0) else {
      throw ValidationError(
        "--scheme auto takes one of --min-snr, --max-time and --max-memory, and no other scheme does")
    }
    guard prefer == nil || minSnr != nil else {
      throw ValidationError("--prefer goes with --scheme auto and --min-snr")
    }
    if let minSnr, !(minSnr > 0 && minSnr <= 150) {
      throw ValidationError("--min-snr: expected more than 0 and up to 150 dB, found \(minSnr)")
    }
    if let maxTime, !(maxTime > 0 && maxTime.isFinite) {
      throw ValidationError("--max-time: expected more than 0 ms, found \(maxTime)")
    }
  }

  /// What `--scheme auto` is to meet.
  var goal: ChoiceGoal? {
    if let minSnr { return prefer == .size ? .smallest(decibels: minSnr) : .fastest(decibels: minSnr) }
    if let maxTime { return .withinTime(milliseconds: maxTime) }
    return maxMemory.map { .withinSize(byteCount: $0.bytes) }
  }

  var selection: LayerSelection { LayerSelection(scheme?.layerScheme ?? .w8, keep: keep) }
  var needsCalibration: Bool { scheme?.needsCalibration ?? false }
  var roundsActivations: Bool { scheme?.roundsActivations ?? false }
  var name: String { scheme?.name ?? recipe ?? "" }

  func plan() throws -> QuantizationJob.Plan {
    if let recipe { return .recipe(try QuantizationRecipe(contentsOf: recipe), path: recipe) }
    return goal.map { .automatic(selection, $0) } ?? .selection(selection)
  }
}

/// What `--scheme` takes.
enum SchemeArgument: ExpressibleByArgument, Equatable {
  case layers(LayerScheme)
  case auto

  init?(argument: String) {
    if argument == "auto" {
      self = .auto
    } else {
      guard let scheme = LayerScheme(rawValue: argument) else { return nil }
      self = .layers(scheme)
    }
  }

  var layerScheme: LayerScheme? { if case .layers(let scheme) = self { scheme } else { nil } }
  var name: String { layerScheme?.rawValue ?? "auto" }
  var needsCalibration: Bool { layerScheme?.needsCalibration ?? true }
  var roundsActivations: Bool { layerScheme.map { [.w8a8, .w8a8Dynamic].contains($0) } ?? true }
}

extension LayerScheme {
  static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
