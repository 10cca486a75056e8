import OneiroGraph

/// Which scheme each layer of a graph gets.
public struct LayerSelection: Sendable {
  public let scheme: LayerScheme
  /// Layers that stay as they are: names, or patterns with `*` for any characters.
  public let keep: [String]

  public init(_ scheme: LayerScheme, keep: [String] = []) {
    self.scheme = scheme
    self.keep = keep
  }

  /// - Throws: when a pattern of `keep` fits none of the layers.
  public func checkKeep(_ layers: [QuantizableLayer]) throws(GraphError) {
    for pattern in keep where !layers.contains(where: { NamePattern(pattern).fits($0.name) }) {
      throw .mismatch(
        "--keep", expected: "the name of a layer, such as \"\(layers.first?.name ?? "")\", or a pattern that fits one",
        found: "\"\(pattern)\"")
    }
  }

  public func choices(for layers: [QuantizableLayer]) -> [LayerChoice] {
    layers.map { layer in
      let choice = LayerChoice(layer, wanted: scheme)
      guard let pattern = keep.first(where: { NamePattern($0).fits(layer.name) }) else { return choice }
      return choice.kept(because: "--keep \(pattern)")
    }
  }
}

/// A name in which `*` stands for any characters, none included.
public struct NamePattern: Sendable {
  private let parts: [Substring]

  public init(_ text: String) { parts = text.split(separator: "*", omittingEmptySubsequences: false) }

  public func fits(_ name: String) -> Bool {
    guard let first = parts.first, let last = parts.last, name.hasPrefix(first) else { return false }
    if parts.count == 1 { return name == first }
    var rest = name.dropFirst(first.count)
    for part in parts.dropFirst().dropLast() {
      guard let found = rest.firstRange(of: part) else { return false }
      rest = rest[found.upperBound...]
    }
    return rest.hasSuffix(last) && rest.count >= last.count
  }
}
