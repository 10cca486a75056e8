import Foundation
import Testing

@Suite("Help") struct HelpTests {
  /// Every command, as the words behind `oneiro help`: those that the help of the one above lists.
  private static func commands(below command: [String] = []) throws -> [[String]] {
    let lines = try help(command, columns: 200).components(separatedBy: "SUBCOMMANDS:\n").dropFirst().first
    let names = lines?.split(separator: "\n", omittingEmptySubsequences: false).prefix { $0.hasPrefix("  ") } ?? []
    return try [command]
      + names.compactMap { $0.split(separator: " ").first.map(String.init) }.flatMap {
        try commands(below: command + [$0])
      }
  }

  private static func help(_ command: [String], columns: Int) throws -> String {
    let result = try Program.run("/usr/bin/env", ["COLUMNS=\(columns)", Program.path, "help"] + command)
    #expect(result.status == 0)
    return result.output
  }

  /// Lines that are set in, which stand as they are written: examples, tables.
  private static func examples(_ help: String) -> [Substring] {
    help.prefix(upTo: help.range(of: "\nUSAGE: ")?.lowerBound ?? help.endIndex).split(separator: "\n")
      .filter { $0.hasPrefix("  ") }
  }

  @Test("Every command's help fits 80 columns, and no example is wrapped") func width() throws {
    let commands = try Self.commands()
    #expect(commands.contains(["bundle", "create"]) && commands.contains(["selftest"]))
    for command in commands {
      let narrow = try Self.help(command, columns: 80)
      for line in narrow.split(separator: "\n") { #expect(line.count <= 80, "\(command): \(line)") }
      #expect(Self.examples(narrow) == Self.examples(try Self.help(command, columns: 200)), "\(command)")
    }
  }

  @Test("A paragraph is wrapped once, to the terminal") func paragraphs() throws {
    for command in try Self.commands() {
      // What is wider than any paragraph shows each of them as one line.
      let paragraphs = try Self.help(command, columns: 100_000).components(separatedBy: "\n\nUSAGE: ")[0]
        .components(separatedBy: "\n\n")
      for paragraph in paragraphs where !paragraph.hasPrefix(" ") {
        #expect(!paragraph.contains("\n"), "\(command): \(paragraph)")
      }
    }
  }
}
