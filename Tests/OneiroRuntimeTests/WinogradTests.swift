import OneiroConformance
import OneiroGraph
import OneiroRuntime
import Testing

@Suite("Winograd's convolution") struct WinogradTests {
  static let shapes = WinogradShape.all

  @Test("equals the definition", arguments: shapes) func agrees(shape: WinogradShape) throws {
    let test = shape.layer()
    let expected = try test.run(.reference, threads: 1)
    for threads in 1...3 {
      let plan = try test.plan(winograd(), threads: threads)
      #expect(plan.steps.map(\.kernel.isa).allSatisfy { $0.hasSuffix("Winograd") })
      let found = try test.run(winograd(), threads: threads)
      let difference = Agreement(tolerance: test.tolerance).difference(expected: expected, found: found)
      #expect(difference == nil, "\(threads) threads: \(difference ?? "")")
    }
  }

  @Test("is not used with strict precision") func strict() throws {
    let plan = try Self.shapes[0].layer().plan(Backend("vector", isStrict: true, precision: .strict), threads: 2)
    #expect(plan.steps.map(\.kernel.isa).allSatisfy { !$0.hasSuffix("Winograd") })
  }

  @Test("runs for other backends unless nothing may fall back", arguments: ["onednn", "openblas"])
  func chain(backend: String) throws {
    let test = Self.shapes[0].layer()
    let types = test.inputs.mapValues { TensorType($0.elementType, dims: $0.dims) }
    let sources = try [false, true].map { isStrict in
      try Planner(backend: try Backend(backend, isStrict: isStrict), threads: 1).plan(test.graph, inputs: types).steps
        .map(\.kernel.source)
    }
    #expect(sources == [["vector"], [backend]])
  }

  @Test("A NaN and an infinity stay in the tiles that see them") func notFinite() throws {
    let shape = Self.shapes[0]
    let clean = try shape.layer().run(winograd(), threads: 2)
    for bad in [Float.nan, .infinity] {
      // Row 8 belongs to the tiles of rows 4 to 11: the next tile begins its input at row 11.
      let x = Tensor.random(shape.x).replacing([8 * 32 + 8: bad])
      let found = try shape.layer(x).run(winograd(), threads: 2)
      let before = floats(clean["y0"]!), after = floats(found["y0"]!)
      let spoilt = after.indices.filter { !after[$0].isFinite }
      let far = after.indices.filter { !(4..<12).contains($0 / 32 % 32) || !(4..<12).contains($0 % 32) }
      #expect(spoilt.contains(8 * 32 + 8))
      #expect(far.allSatisfy { after[$0] == before[$0] })
    }
  }

  private func winograd() throws -> Backend {
    var backend = try Backend("vector", isStrict: true)
    backend.method = "Winograd"
    return backend
  }

  private func floats(_ tensor: Tensor) -> [Float] { tensor.withElements(of: Float.self) { Array($0) } }
}
