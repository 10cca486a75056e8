import ArgumentParser
import OneiroGraph

/// Names of commands, looked at before the parser does: it takes one that there is not for a stray argument, and `help`
/// passes over it.
enum CommandNames {
  /// A command that there is not, below one that has others.
  struct Unknown: Error {
    let name: String
    let parent: any ParsableCommand.Type

    /// What is wrong with it, and what may be meant.
    var message: String {
      let known = parent.configuration.subcommands.filter { $0.configuration.shouldDisplay }.map { $0._commandName }
      let near = names(near: name, in: known)
      let hint = (near.isEmpty ? "there are " : "near it: ") + (near.isEmpty ? known : near).joined(separator: ", ")
      return "expected a command, found \"\(name)\"; \(hint)"
    }
  }

  private static let help = "help"

  /// - arguments: without the program's name.
  static func check(_ arguments: [String], below root: any ParsableCommand.Type) throws(Unknown) {
    var parent = root
    for argument in arguments.first == help ? arguments.dropFirst() : arguments[...] {
      let commands = parent.configuration.subcommands
      guard !commands.isEmpty, !argument.hasPrefix("-"), argument != help else { return }
      guard let next = commands.first(where: { $0._commandName == argument }) else {
        throw Unknown(name: argument, parent: parent)
      }
      parent = next
    }
  }
}
