/// Names that a graph does not use yet.
struct FreshNames {
  private var used: Set<String>

  init(_ used: Set<String>) { self.used = used }

  mutating func make(_ wanted: String) -> String {
    var name = wanted
    while !used.insert(name).inserted { name += "_" }
    return name
  }
}
