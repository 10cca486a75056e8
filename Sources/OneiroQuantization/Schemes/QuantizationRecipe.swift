import FoundationEssentials
import OneiroGraph
import OneiroModel

/// The choices of an earlier run, layer by layer: a report in JSON is one.
public struct QuantizationRecipe: Sendable, Decodable {
  public internal(set) var parts: [Part]

  public struct Part: Sendable, Decodable {
    /// Empty for a plain model.
    public let role: String
    public let equalized: [Equalized]?
    public let layers: [Layer]
  }

  public struct Equalized: Sendable, Decodable {
    public let value: String
    public let layers: [String]
    public let exponent: Double
    public let gain_db: Double?
    public let factors: [Float]
  }

  public struct Layer: Sendable, Decodable {
    public let name: String
    public let scheme: LayerScheme
    public let activation: Activation?

    private enum CodingKeys: CodingKey { case name, scheme, activation }

    /// - Throws: `GraphError` that names the layer when there is no such scheme.
    public init(from decoder: any Decoder) throws {
      let fields = try decoder.container(keyedBy: CodingKeys.self)
      name = try fields.decode(String.self, forKey: .name)
      activation = try fields.decodeIfPresent(Activation.self, forKey: .activation)
      let word = try fields.decode(String.self, forKey: .scheme)
      guard let scheme = LayerScheme(rawValue: word) else {
        let known = LayerScheme.allCases.map(\.rawValue), near = names(near: word, in: known)
        throw GraphError.mismatch(
          "scheme of layer \"\(name)\"", expected: "one of \(known.joined(separator: ", "))",
          found: "\"\(word)\"" + (near.isEmpty ? "" : "; near it: \(near.joined(separator: ", "))"))
      }
      self.scheme = scheme
    }
  }

  public struct Activation: Sendable, Decodable {
    public let scale: Float
    /// 0 ... 255, read as any number: the decoder tells no place of one that a type has not.
    public let zero_point: Double
  }

  public init(contentsOf path: String) throws(GraphError) {
    let file = try MappedFile(path)
    do {
      self = try JSONDecoder().decode(Self.self, from: withExtendedLifetime(file) { Data(file.bytes) })
    } catch let error as GraphError {
      throw error.located(in: path)
    } catch {
      throw .mismatch(
        file: path, nil, expected: "the JSON report of a quantization, with parts, and layers by name and scheme",
        found: Self.fault(error))
    }
    for equalized in parts.flatMap({ $0.equalized ?? [] }) {
      guard let factor = equalized.factors.first(where: { !($0.isFinite && $0 > 0) }) else { continue }
      throw .mismatch(
        file: path, "factors of activation \"\(equalized.value)\"", expected: "positive numbers", found: "\(factor)")
    }
    for layer in parts.flatMap(\.layers) {
      guard let activation = layer.activation else { continue }
      let scale = activation.scale, zeroPoint = activation.zero_point
      guard scale.isFinite && scale > 0 else {
        throw .mismatch(
          file: path, "scale of layer \"\(layer.name)\"", expected: "a positive number", found: "\(scale)")
      }
      guard UInt8(exactly: zeroPoint) != nil else {
        throw .mismatch(
          file: path, "zero_point of layer \"\(layer.name)\"", expected: "0 ... 255",
          found: zeroPoint.rounded() == zeroPoint && abs(zeroPoint) < 1e15 ? "\(Int(zeroPoint))" : "\(zeroPoint)")
      }
    }
  }

  /// "nothing at parts[0].layers[3].name", and the like for other faults that the decoder finds.
  private static func fault(_ error: any Error) -> String {
    func place(_ context: DecodingError.Context, _ last: (any CodingKey)? = nil) -> String {
      let path = (context.codingPath + [last].compactMap { $0 }).reduce("") { path, key in
        if let index = key.intValue { return "\(path)[\(index)]" }
        return path.isEmpty ? key.stringValue : "\(path).\(key.stringValue)"
      }
      return path.isEmpty ? "its top" : path
    }
    return switch error as? DecodingError {
    case .keyNotFound(let key, let context): "nothing at \(place(context, key))"
    case .typeMismatch(_, let context): "another kind of value at \(place(context))"
    case .valueNotFound(_, let context): "null at \(place(context))"
    case .dataCorrupted, nil: "no JSON, or the beginning of it"
    @unknown default: "something else"
    }
  }

  /// - roles: of the model's parts; one that is empty for a plain model.
  /// - asked: of the parts that are to be quantized; none: those that the recipe has.
  /// - Throws: when the recipe has a part that the model has not, so that it is another model's, or has nothing for one
  ///   that is asked for.
  public func checkParts(_ roles: [String], asked: [String] = []) throws(GraphError) {
    func text(_ role: String) -> String { role.isEmpty ? "a plain model" : "part \"\(role)\"" }
    if let stranger = parts.first(where: { !roles.contains($0.role) }) {
      let own = roles == [""] ? "a plain model" : roles.joined(separator: ", ")
      throw .mismatch("recipe", expected: "choices for \(own)", found: "those for \(text(stranger.role))")
    }
    if let missing = asked.first(where: { role in !parts.contains { $0.role == role } }) {
      throw .mismatch(
        "recipe", expected: "choices for \(text(missing))",
        found: parts.isEmpty ? "none" : "those for \(parts.map { text($0.role) }.joined(separator: ", "))")
    }
  }

  /// What was equalized in a part.
  public func equalized(role: String) -> [EqualizedActivation] {
    (parts.first { $0.role == role }?.equalized ?? []).map {
      EqualizedActivation(
        value: $0.value, layers: $0.layers, exponent: $0.exponent, factors: ChannelFactors($0.factors),
        gain: $0.gain_db ?? .infinity)
    }
  }

  /// The choices for a part's layers. A layer that the recipe does not name stays as it is.
  /// - Throws: when the recipe names a layer that is not there.
  public func choices(
    for layers: [QuantizableLayer], role: String
  ) throws(GraphError) -> (choices: [LayerChoice], activations: [String: ActivationQuantization]) {
    let part = parts.first { $0.role == role }
    let named = Dictionary((part?.layers ?? []).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let known = Set(layers.map(\.name))
    if let stranger = named.keys.filter({ !known.contains($0) }).sorted().first {
      throw .mismatch(
        "layer \"\(stranger)\" of the recipe", expected: "a product of the model", found: "a name that it has not")
    }
    var activations: [String: ActivationQuantization] = [:]
    let choices = layers.map { layer -> LayerChoice in
      guard let entry = named[layer.name] else { return LayerChoice(layer, wanted: .f32) }
      if let activation = entry.activation {
        activations[layer.activation] = ActivationQuantization(
          scale: activation.scale, zeroPoint: UInt8(activation.zero_point))
      }
      return LayerChoice(layer, wanted: entry.scheme)
    }
    return (choices, activations)
  }
}
