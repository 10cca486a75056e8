import ArgumentParser
import OneiroDream

/// "10,25": values with commas between them.
struct CommaList<Element: ExpressibleByArgument>: ExpressibleByArgument {
  let values: [Element]

  init(values: [Element]) { self.values = values }

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    values = parts.compactMap { Element(argument: String($0)) }
    if values.count != parts.count { return nil }
  }

  var defaultValueDescription: String { values.map { "\($0)" }.joined(separator: ",") }
}

extension SamplerKind: ExpressibleByArgument {}
