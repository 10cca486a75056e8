import OneiroConformance
import OneiroGraph
import OneiroOps
import OneiroRuntime
import Testing

@Suite("Every kernel computes what the reference does") struct ConformanceTests {
  static let backends = ["vector", "openblas", "onednn", "example"]

  @Test("Case", arguments: Conformance.all, backends) func agrees(test: Case, backend name: String) throws {
    let backend = try Backend(name, isStrict: true)
    guard try test.isTaken(by: backend) else { return }
    let expected = try test.run(.reference, threads: 1)
    for threads in 1...3 {
      let found = try test.run(backend, threads: threads)
      let difference = Agreement(tolerance: test.tolerance).difference(expected: expected, found: found)
      if let gap = KnownGap.find(test, on: name) {
        #expect(
          difference != nil, "\(test.description) on \(name) is listed as a gap, but it has closed: \(gap.reason)")
      } else {
        #expect(difference == nil, "\(test.description) on \(name), \(threads) threads: \(difference ?? "")")
      }
    }
  }

  @Test("Every known gap names a case and a backend") func gaps() {
    for gap in KnownGap.all {
      #expect(Self.backends.contains(gap.backend))
      #expect(Conformance.all.contains { $0.op.description == gap.op && $0.name == gap.name }, "\(gap.op): \(gap.name)")
    }
  }

  @Test("No two cases of an operator have one name") func names() {
    let names = Conformance.all.map(\.description)
    let doubles = Dictionary(grouping: names) { $0 }.filter { $1.count > 1 }.keys.sorted()
    #expect(doubles == [])
  }

  @Test("Every kernel of a plugin takes some case of its operator", arguments: backends) func coverage(name: String)
    throws
  {
    let backend = try Backend(name, isStrict: true)
    guard case .plugin(let plugin) = backend.chain.first else { return }
    for op in Set(plugin.kernels.map(\.op)) where !Conformance.views.contains(op.opType) {
      #expect(try Conformance.all.contains { try $0.op == op && $0.isTaken(by: backend) }, "\(op) on \(name)")
    }
  }
}
