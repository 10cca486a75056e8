import OneiroGraph
import OneiroOps
import Synchronization

/// One place that kernels come from.
public enum KernelSource: Sendable {
  case plugin(KernelPlugin)
  /// The operators' own kernels.
  case reference

  public var name: String {
    switch self {
    case .plugin(let plugin): plugin.name
    case .reference: ReferenceKernel.sourceName
    }
  }
}

/// Which kernels run which nodes: a chain of sources in the order they are asked, and other chains for some roles or
/// operators.
public struct Backend: Sendable {
  /// What the user asked for, as written.
  public let text: String
  public let chain: [KernelSource]
  /// By role ("unet") or operator type ("Conv").
  public let overrides: [String: [KernelSource]]
  /// Nothing may fall back past the source that was asked for.
  public let isStrict: Bool
  public package(set) var precision: Precision
  /// Of plugins' kernels those alone that tell themselves from others so ("Winograd"); for tests, on whose machine another
  /// way may be the faster one.
  package var method: String?

  /// How kernels may compute.
  public enum Precision: String, Sendable, CaseIterable {
    /// Also by other formulas that need fewer operations and round more, such as Winograd's convolution.
    case standard
    /// By the operators' definitions alone.
    case strict
  }

  /// Loads what `text` names: `onednn`, a path to a `.so`, or a list by role or operator type: `onednn,Conv=openblas`.
  /// Without a general entry in a list the rest runs on `defaultName`.
  public init(_ text: String, isStrict: Bool = false, precision: Precision = .standard) throws(RunError) {
    let list = try BackendList(text)
    var overrides: [String: [KernelSource]] = [:]
    for (key, name) in list.overrides { overrides[key] = try Self.chain(name, isStrict: isStrict) }
    self.text = text
    self.isStrict = isStrict
    self.precision = precision
    chain = try Self.chain(list.general ?? Self.defaultName, isStrict: isStrict)
    self.overrides = overrides
  }

  public static var reference: Backend { get throws(RunError) { try Backend(ReferenceKernel.sourceName) } }

  /// The fastest backend whose plugin can be found.
  public static var defaultName: String {
    ["onednn", "openblas", "vector"].first { PluginSearch.find($0) != nil } ?? ReferenceKernel.sourceName
  }

  /// What is asked, in order, for a node of `role`.
  func chain(for node: Node) -> [KernelSource] {
    overrides[node.opType] ?? Self.unfused(node).flatMap { overrides[$0] } ?? node.role.flatMap { overrides[$0] }
      ?? chain
  }

  /// "Conv" for FusedConv and UpsampledConv, which passes made of it.
  private static func unfused(_ node: Node) -> String? {
    guard node.domain == Model.oneiroDomain,
      let prefix = ["Fused", "Upsampled"].first(where: node.opType.hasPrefix)
    else { return nil }
    return String(node.opType.dropFirst(prefix.count))
  }

  /// The kernel plugins in it, each once, in the order in which they are asked.
  public var plugins: [KernelPlugin] {
    let sources = chain + overrides.sorted { $0.key < $1.key }.flatMap(\.value)
    return sources.reduce(into: []) { found, source in
      if case .plugin(let plugin) = source, !found.contains(where: { $0 === plugin }) { found.append(plugin) }
    }
  }

  /// `onednn -> vector -> reference`
  public var order: String { chain.map(\.name).joined(separator: " -> ") }

  private static func chain(_ name: String, isStrict: Bool) throws(RunError) -> [KernelSource] {
    if name == ReferenceKernel.sourceName { return [.reference] }
    let first = KernelSource.plugin(try LoadedPlugins.load(name))
    if isStrict { return [first] }
    // What a library lacks is memory-bound work for the most part, which the Vector kernels do; the reference does the
    // rest.
    var chain = [first]
    if first.name != "vector", PluginSearch.find("vector") != nil {
      chain.append(.plugin(try LoadedPlugins.load("vector")))
    }
    return chain + [.reference]
  }
}

/// Plugins are loaded once and kept.
enum LoadedPlugins {
  private static let cache = Mutex<[String: KernelPlugin]>([:])

  /// - name: a backend's name, or a path.
  static func load(_ name: String) throws(RunError) -> KernelPlugin {
    let path = try PluginSearch.path(of: name)
    let result = cache.withLock { loaded -> Result<KernelPlugin, RunError> in
      if let plugin = loaded[path] { return .success(plugin) }
      do throws(RunError) {
        let plugin = try KernelPlugin.load(path)
        loaded[path] = plugin
        return .success(plugin)
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }
}
