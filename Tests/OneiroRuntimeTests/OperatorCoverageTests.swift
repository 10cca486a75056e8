import OneiroGraph
import OneiroOps
import OneiroRuntime
import Testing

@Suite struct OperatorCoverageTests {
  private func coverage(_ name: String, plugins: [KernelPlugin] = []) throws -> OperatorCoverage {
    try #require(OperatorCoverage.all(plugins: plugins).first { $0.op == OpIdentifier(name) })
  }

  @Test func theWholeOfTheStandardsMainDomainIsThere() {
    let missing = OperatorCoverage.all(plugins: []).filter { $0.support == .missing && $0.op.domain.isEmpty }
    #expect(missing.map(\.op).isEmpty)
  }

  /// A schema means one of the standard's versions, and not one that nobody has heard of.
  @Test func schemasAreOfVersionsThatTheStandardHas() {
    for entry in StandardOperators.all {
      guard let since = Operators.find(entry.op)?.schema.since else { continue }
      #expect(entry.versions.contains(since), "\(entry.op): expected one of \(entry.versions), found \(since)")
    }
  }

  @Test func versionsBeforeTheLastAdapterAreAdapted() throws {
    let softmax = try coverage("Softmax")
    #expect(softmax.versions == [1, 11, 13] && softmax.firstNative == 13 && softmax.support == .implemented)
    let relu = try coverage("Relu")
    #expect(relu.versions.first == 1 && relu.firstNative == 6)
    let upsample = try coverage("Upsample")
    #expect(upsample.support == .adapted && upsample.versions == [1, 7, 9])
  }

  @Test func typesInAFewWords() {
    #expect(ElementTypeSet.all.words == ["all"])
    #expect(ElementTypeSet.numeric.union(.bool).words == ["floats", "ints", "bool"])
    #expect(ElementTypeSet([.float32, .float64, .int8]).words == ["float", "int8", "double"])
    #expect(ElementTypeSet([]).words == [])
  }

  @Test func kernelsAreThoseOfThePlugins() throws {
    let vector = try #require(PluginSearch.all.first { $0.hasSuffix("libOneiroVector.so") })
    let plugin = try KernelPlugin.load(vector)
    let relu = try coverage("Relu", plugins: [plugin])
    #expect(relu.kernels.map(\.source) == ["vector"] && relu.kernels.allSatisfy { !$0.versions.isEmpty })
    #expect(try coverage("NonZero", plugins: [plugin]).kernels.isEmpty)
  }
}
