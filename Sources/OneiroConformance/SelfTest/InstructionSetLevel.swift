import Foundation
import OneiroRuntime

/// A plugin as it picks its loops with one setting of the environment.
package struct InstructionSetLevel: Sendable, CustomStringConvertible {
  /// The plugin's own word, such as "x86-64-v3".
  package let name: String
  package let plugin: String
  package let path: String
  /// What the plugin says about itself, a line each.
  package let remarks: [String]
  /// Operator, level and method of each kernel, as plans name them.
  package let kernels: [String]
  /// Variables to set in a process that is to have this level.
  package let environment: [String: String]

  package var description: String { "\(plugin) \(name)" }

  /// The variable that lowers a plugin's level, and its values from the most modest up. A plugin picks its level once,
  /// when it is loaded, so each level needs a process of its own.
  package static let variables = [
    "vector": ("ONEIRO_ISA", ["base", "x86-64-v3", "x86-64-v4", "x86-64-v4+vnni", "x86-64-v4+amx"]),
    "onednn": (
      "ONEDNN_MAX_CPU_ISA",
      [
        "SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX512_CORE", "AVX512_CORE_VNNI", "AVX512_CORE_BF16", "AVX512_CORE_FP16",
        "AVX512_CORE_AMX",
      ]
    ),
  ]

  /// The levels that a plugin has on this CPU: what it says that it picked, with each value of its variable and
  /// without. A variable that is set already limits it to that level.
  /// - program: has the command `kernels`.
  package static func find(ofPlugin path: String, program: String) throws(ProgramError) -> [InstructionSetLevel] {
    let known = variables[PluginSearch.name(of: path)]
    let isLimited = known.map { ProcessInfo.processInfo.environment[$0.0] != nil } ?? false
    var settings: [[String: String]] = []
    if let (variable, values) = known, !isLimited { settings = values.map { [variable: $0] } }
    var levels: [InstructionSetLevel] = []
    for setting in settings + [[:]] {
      let level = try ask(path, program: program, setting)
      if !levels.contains(where: { $0.name == level.name }) { levels.append(level) }
    }
    return levels
  }

  /// What `oneiro kernels --json` says.
  private struct Listing: Decodable {
    struct Plugin: Decodable {
      let name: String
      let remarks: [String]
      let kernels: [Kernel]
    }
    struct Kernel: Decodable {
      let op: String
      let isa: String
      let method: String?
    }
    let plugins: [Plugin]
  }

  /// How the program begins the sentence that says why it ends with status 1.
  private static let complaint = "error: "

  private static func ask(
    _ path: String, program: String, _ environment: [String: String]
  ) throws(ProgramError) -> InstructionSetLevel {
    var listing: Listing.Plugin?, lastWords: String?
    let end = try ChildProgram.run(
      program, ["kernels", path, "--json"], environment: environment, timeLimit: .seconds(60)
    ) { line in
      let plugin = (try? JSONDecoder().decode(Listing.self, from: Data(line.utf8)))?.plugins.first
      if let plugin { listing = plugin } else { lastWords = line }
      return false
    }
    guard end == .exited(0), let listing else {
      if end == .exited(1), let lastWords, lastWords.hasPrefix(complaint) {
        throw ProgramError(description: String(lastWords.dropFirst(complaint.count)))
      }
      throw ProgramError(description: "\(path): the process \(end)" + (lastWords.map { ": \($0.prefix(300))" } ?? ""))
    }
    let names = listing.kernels.reduce(into: [String]()) { if !$0.contains($1.isa) { $0.append($1.isa) } }
    return InstructionSetLevel(
      name: names.isEmpty ? "none" : names.joined(separator: "+"), plugin: listing.name, path: path,
      remarks: listing.remarks,
      kernels: listing.kernels.map { "\($0.op) \($0.isa)" + ($0.method.map { ", \($0)" } ?? "") },
      environment: environment)
  }
}
