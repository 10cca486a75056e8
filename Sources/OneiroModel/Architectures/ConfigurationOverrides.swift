import Foundation
import OneiroGraph

/// A JSON file that says what a checkpoint does not: an object for each network.
///
///     {"unet": {"num_heads": 4}, "eeg_encoder": {"num_heads": 4}, "clip_image_encoder": {"num_attention_heads": 4}}
public struct ConfigurationOverrides: Sendable {
  private let source: String
  /// The JSON of each network's object.
  private let networks: [String: Data]

  /// Networks that can be spoken of.
  private static let names = ["clip_image_encoder", "eeg_encoder", "signal_decoder", "unet", "vae"]

  /// Nothing is said.
  public init() {
    source = "configuration"
    networks = [:]
  }

  public init(contentsOf path: String) throws(GraphError) {
    let file = try MappedFile(path)
    try self.init(json: withExtendedLifetime(file) { Data(file.bytes) }, source: path)
  }

  /// - source: what messages call it.
  public init(json: Data, source: String) throws(GraphError) {
    let expected = "an object for some of \(Self.names.joined(separator: ", "))"
    let document: Any
    do { document = try JSONSerialization.jsonObject(with: json) } catch {
      throw .mismatch(file: source, nil, expected: "JSON, \(expected)", found: "\(json.count) bytes that are none")
    }
    guard let object = document as? [String: Any] else {
      throw .mismatch(file: source, nil, expected: expected, found: "something else")
    }
    var networks: [String: Data] = [:]
    for (name, value) in object {
      guard Self.names.contains(name), value is [String: Any],
        let data = try? JSONSerialization.data(withJSONObject: value)
      else { throw .mismatch(file: source, "\"\(name)\"", expected: expected, found: "\"\(name)\"") }
      networks[name] = data
    }
    self.networks = networks
    self.source = source
  }

  /// Whether anything is said about a word of a network.
  func says(_ word: String, of name: String) -> Bool {
    let object = networks[name].flatMap { try? JSONSerialization.jsonObject(with: $0) as? [String: Any] }
    return object?[word] != nil
  }

  /// Puts what is said of the network `name` in place of what the configuration has.
  func apply<Configuration: NetworkConfiguration>(
    _ name: String, to configuration: inout Configuration?
  ) throws(GraphError) {
    guard var known = configuration else {
      guard networks[name] != nil else { return }
      throw .mismatch(file: source, "\"\(name)\"", expected: "a network that the checkpoint has", found: "\"\(name)\"")
    }
    try apply(name, to: &known)
    configuration = known
  }

  func apply<Configuration: NetworkConfiguration>(
    _ name: String, to configuration: inout Configuration
  ) throws(GraphError) {
    let encoder = JSONEncoder()
    if let said = networks[name] {
      guard let given = try? JSONSerialization.jsonObject(with: said) as? [String: Any],
        let data = try? encoder.encode(configuration),
        var merged = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
      else { throw .invalid(file: source, "\"\(name)\"", "cannot be read") }
      let words = Configuration.CodingKeys.allCases.map(\.rawValue)
      for (word, value) in given {
        guard words.contains(word) else {
          throw .mismatch(
            file: source, "\"\(name)\"", expected: words.sorted().joined(separator: ", "), found: "\"\(word)\"")
        }
        merged[word] = value
      }
      do {
        let json = try JSONSerialization.data(withJSONObject: merged)
        configuration = try JSONDecoder().decode(Configuration.self, from: json)
      } catch {
        throw .mismatch(file: source, "\"\(name)\"", expected: "a number or list of the kind it has", found: "\(error)")
      }
    }
    if let fault = configuration.fault { throw .invalid(file: source, "\"\(name)\"", fault) }
  }
}
