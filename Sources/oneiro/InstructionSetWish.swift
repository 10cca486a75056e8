import Foundation
import OneiroConformance
import OneiroGraph
import OneiroRuntime
import Synchronization

/// The instruction set level that ONEIRO_ISA asks the Vector plugin for. One that this build or this CPU has not leaves
/// the plugin at another level, which whoever measures or tests at a level must not miss.
enum InstructionSetWish {
  static let plugin = "vector"
  private static let isSaid = Mutex(false)

  /// Warns, once in the life of the process, when Vector is among the backend's plugins and is not as the variable asks.
  static func warn(of backend: Backend) {
    let vector = backend.plugins.first { $0.name == plugin }
    if let level = vector?.kernels.first?.isa { warn(at: level) }
  }

  /// Warns, once in the life of the process, when the variable asks for another level than Vector has picked.
  static func warn(at level: String) {
    guard let (variable, levels) = InstructionSetLevel.variables[plugin],
      let wish = ProcessInfo.processInfo.environment[variable], !wish.isEmpty, wish != level,
      isSaid.withLock({ said in
        defer { said = true }
        return !said
      })
    else { return }
    let taken = "\(plugin) runs at \(level)"
    if levels.contains(wish) {
      Log.shared.warning("\(variable)=\(wish): this CPU has not got that level; \(taken)")
      return
    }
    let near = names(near: wish, in: levels)
    let hint = near.isEmpty ? "" : "near it: \(near.joined(separator: ", ")); "
    let known = levels.joined(separator: ", ")
    Log.shared.warning("\(variable): expected one of \(known), found \"\(wish)\"; \(hint)\(taken)")
  }
}
