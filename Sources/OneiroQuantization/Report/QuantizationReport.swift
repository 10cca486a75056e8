import OneiroGraph

/// All that is known of a model that was quantized.
public struct QuantizationReport: Sendable {
  public let model: String
  public let output: String
  public let scheme: String
  /// How ranges of activations were chosen; `nil` where there are none.
  public let method: RangeMethod?
  public let setting: Setting
  public let parts: [PartReport]
  public let pictures: Pictures?

  /// What was asked for, and what runs the model.
  public struct Setting: Sendable {
    /// What schemes were chosen for; `nil` where they were given.
    public let goal: ChoiceGoal?
    /// As `--backend` takes it.
    public let backend: String
    public let threads: Int

    public init(goal: ChoiceGoal?, backend: String, threads: Int) {
      (self.goal, self.backend, self.threads) = (goal, backend, threads)
    }
  }

  /// What the pictures say, of pipelines that were run before and after.
  public struct Pictures: Sendable {
    public let count: Int
    public let psnr: Double
    public let ssim: Double
    /// Trials that were classified as what they are.
    public let right: (before: Int, after: Int)?

    public init(count: Int, psnr: Double, ssim: Double, right: (before: Int, after: Int)?) {
      (self.count, self.psnr, self.ssim, self.right) = (count, psnr, ssim, right)
    }
  }

  public init(
    model: String, output: String, scheme: String, method: RangeMethod?, setting: Setting, parts: [PartReport],
    pictures: Pictures?
  ) {
    (self.model, self.output, self.scheme, self.method, self.setting) = (model, output, scheme, method, setting)
    (self.parts, self.pictures) = (parts, pictures)
  }

  public var byteCountBefore: Int { parts.reduce(0) { $0 + $1.byteCountBefore } }
  public var byteCountAfter: Int { parts.reduce(0) { $0 + $1.byteCountAfter } }

  /// What the ratios of a pipeline's parts leave open, where no pictures tell of all of it.
  var openRatio: String? {
    let isOpen = parts.contains { part in !part.role.isEmpty && part.outputNoise.map { $0.noise != 0 } ?? false }
    guard pictures == nil, isOpen else { return nil }
    return "output SNR is that of a part with inputs as they were; --evaluation tells of all parts together"
  }

  /// Whether the model was run for something that is told here.
  var wasRun: Bool { pictures != nil || parts.contains { $0.outputNoise != nil || $0.seconds != nil } }

  /// What was kept of whole graphs that were held against each other, a part each: `unet w8a8`.
  public var kept: [String] {
    parts.compactMap { part in
      part.compared.first(where: \.isKept).map { part.role.isEmpty ? $0.name : "\(part.role) \($0.name)" }
    }
  }
}

extension QuantizationReport {
  public var json: JSONValue {
    var members: [(String, JSONValue)] = [
      ("model", .string(model)), ("output", .string(output)), ("scheme", .string(scheme)),
      ("method", .optional(method?.rawValue)), ("goal", .optional(setting.goal?.description)),
      ("backend", .optional(wasRun ? setting.backend : nil)), ("threads", wasRun ? .int(setting.threads) : .null),
      ("bytes_before", .int(byteCountBefore)),
      ("bytes_after", .int(byteCountAfter)), ("parts", .array(parts.map(json))),
    ]
    if let pictures {
      var entries: [(String, JSONValue)] = [
        ("count", .int(pictures.count)), ("psnr_db", .finite(pictures.psnr)), ("ssim", .number(pictures.ssim)),
      ]
      if let right = pictures.right {
        entries += [("right_before", .int(right.before)), ("right_after", .int(right.after))]
      }
      members.append(("pictures", .object(entries)))
    }
    return .object(members)
  }

  private func json(_ part: PartReport) -> JSONValue {
    .object([
      ("role", .string(part.role)), ("bytes_before", .int(part.byteCountBefore)),
      ("bytes_after", .int(part.byteCountAfter)),
      ("output_snr_db", part.outputNoise.map { .finite($0.decibels) } ?? .null),
      ("ms_before", .milliseconds(part.seconds?.before)), ("ms_after", .milliseconds(part.seconds?.after)),
      ("compared", .array(part.compared.map(json))),
      ("equalized", .array((part.equalization?.activations ?? []).map(json))),
      ("layers", .array(part.layers.map(json))),
    ])
  }

  private func json(_ choice: ComparedChoice) -> JSONValue {
    .object([
      ("choice", .string(choice.name)), ("ms", .milliseconds(choice.seconds)),
      ("output_snr_db", .finite(choice.noise.decibels)), ("bytes", .int(choice.byteCount)),
      ("meets_goal", .bool(choice.meetsGoal)), ("kept", .bool(choice.isKept)),
    ])
  }

  private func json(_ activation: EqualizedActivation) -> JSONValue {
    .object([
      ("value", .string(activation.value)), ("layers", .array(activation.layers.map { .string($0) })),
      ("exponent", .number(activation.exponent)), ("gain_db", .finite(activation.gain)),
      ("factors", .array(activation.factors.factors.map { .float($0) })),
    ])
  }

  private func json(_ layer: PartReport.Layer) -> JSONValue {
    let result = layer.result
    return .object([
      ("name", .string(result.name)), ("op", .string("\(result.op)")),
      ("shape", .array(result.dims.map { .int($0) })), ("scheme", .string(result.scheme.rawValue)),
      ("bits", .int(result.scheme.weightBits)), ("reason", .optional(result.reason)),
      ("bytes_before", .int(result.byteCountBefore)), ("bytes_after", .int(result.byteCountAfter)),
      ("weight_snr_db", result.scheme == .f32 ? .null : .finite(result.weightNoise.decibels)),
      ("output_snr_db", layer.outputNoise.map { .finite($0.decibels) } ?? .null),
      ("ms_before", .milliseconds(layer.seconds?.before)), ("ms_after", .milliseconds(layer.seconds?.after)),
      (
        "activation",
        result.activation.map { .object([("scale", .float($0.scale)), ("zero_point", .int(Int($0.zeroPoint)))]) }
          ?? .null
      ),
    ])
  }
}

extension JSONValue {
  /// The digits that give the same float32 again.
  fileprivate static func float(_ number: Float) -> JSONValue { .literal("\(number)") }
  fileprivate static func milliseconds(_ seconds: Double?) -> JSONValue { seconds.map { .number($0 * 1e3) } ?? .null }
  /// JSON has no infinities.
  fileprivate static func finite(_ number: Double) -> JSONValue { number.isFinite ? .number(number) : .null }
}
