import ArgumentParser
import Foundation
import OneiroGraph
import OneiroRuntime

struct Kernels: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List kernel plugins and their kernels.",
    discussion: """
      Without a plugin, every plugin that can be found: next to the program, in ../lib/oneiro, in ONEIRO_PLUGIN_PATH.

        oneiro kernels
        oneiro kernels vector
        oneiro kernels ./libMyKernels.so
      """.flowing)

  @Argument(help: "A kernel plugin, by its name or its file.") var plugin: String?
  @Flag(help: "Print one JSON object.") var json = false

  func validate() throws { if let plugin { try BackendNames.checkPlugin(plugin, at: plugin) } }

  func run() throws {
    let reports =
      try plugin.map { [Self.report(try KernelPlugin.load(try PluginSearch.path(of: $0)))] }
      ?? PluginSearch.all.map(Self.reportIfUsable)
    if json {
      print(
        String(
          decoding: try JSONSerialization.data(withJSONObject: ["plugins": reports], options: [.sortedKeys]),
          as: UTF8.self))
      return
    }
    for report in reports { show(report) }
    print("reference: the operators' own kernels, always there")
    print("fallback order of the default backend: \(try Backend(Backend.defaultName).order)")
    print("searched: \(PluginSearch.folders.joined(separator: ", "))")
  }

  private static func report(_ plugin: KernelPlugin) -> [String: Any] {
    [
      "name": plugin.name, "path": plugin.path, "remarks": plugin.remarks,
      "kernels": plugin.kernels.map { kernel in
        var entry: [String: Any] = ["op": kernel.op.description, "since": kernel.sinceVersion, "isa": kernel.isa]
        entry["method"] = kernel.method
        return entry
      },
    ]
  }

  /// One plugin that cannot be loaded does not hide the others.
  private static func reportIfUsable(_ path: String) -> [String: Any] {
    do { return report(try KernelPlugin.load(path)) } catch { return ["name": "", "path": path, "error": "\(error)"] }
  }

  private func show(_ report: [String: Any]) {
    if let error = report["error"] as? String { return print("not usable: \(error)\n") }
    print("\(report["name"] ?? "")  (\(report["path"] ?? ""))")
    for remark in report["remarks"] as? [String] ?? [] { print("  \(remark)") }
    let kernels = report["kernels"] as? [[String: Any]] ?? []
    for isa in Set(kernels.map { $0["isa"] as? String ?? "" }).sorted() {
      let ops = kernels.filter { $0["isa"] as? String == isa }.map { "\($0["op"] ?? "") \($0["since"] ?? "")" }
      print("  \(counted(ops.count, "kernel"))\(isa.isEmpty ? "" : " for \(isa)"):")
      for line in wrapped(ops.sorted(), separator: ",", width: 96) { print("    \(line)") }
    }
    print("")
  }
}
