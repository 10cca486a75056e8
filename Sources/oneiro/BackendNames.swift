import ArgumentParser
import OneiroDream
import OneiroGraph
import OneiroOps
import OneiroRuntime

/// Names of kernel plugins on the command line, looked at before anything is loaded.
enum BackendNames {
  /// Refuses what no kernels come from, and an entry for something that no model has: nobody would notice that such an
  /// entry does nothing.
  static func check(_ text: String, option: String) throws {
    let place = "\(option) \(text)", list: BackendList
    do { list = try BackendList(text) } catch {
      throw ValidationError(
        "\(option): expected NAME or a list such as vector,unet=onednn,Conv=openblas, found \"\(text)\"")
    }
    if let general = list.general { try check(general, at: place, in: PluginSearch.backends) }
    let parts = PipelinePart.all.map(\.role), operators = Set(Operators.all.map { $0.schema.op.opType })
    for (key, name) in list.overrides {
      if !parts.contains(key) && !operators.contains(key) {
        let hint = hint(
          key, parts + operators, otherwise: "parts are \(parts.joined(separator: ", ")), oneiro ops lists operators")
        throw ValidationError("\(place): expected an operator or a part of a pipeline, found \"\(key)\"; \(hint)")
      }
      try check(name, at: place, in: PluginSearch.backends)
    }
  }

  /// Refuses what is no plugin; the reference is none.
  static func checkPlugin(_ name: String, at place: String) throws {
    try check(name, at: place, in: PluginSearch.all.map(PluginSearch.name))
  }

  private static func check(_ name: String, at place: String, in known: [String]) throws {
    guard !PluginSearch.isPath(name), !known.contains(name) else { return }
    let there = "there are \(known.joined(separator: ", ")), in \(PluginSearch.folders.joined(separator: ", "))"
    let hint = hint(name, known, otherwise: there)
    throw ValidationError("\(place): expected a kernel plugin or a path to a .so, found \"\(name)\"; \(hint)")
  }

  private static func hint(_ name: String, _ known: some Collection<String>, otherwise: String) -> String {
    let near = names(near: name, in: known)
    return near.isEmpty ? otherwise : "near it: \(near.joined(separator: ", "))"
  }
}
