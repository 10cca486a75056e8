import OneiroGraph
import OneiroRuntime
import Testing

@Suite("Winograd's convolution") struct WinogradTests {
  /// [N, C, H, W], filters, pads.
  struct Shape: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let x: [Int]
    let filters: Int
    var pads: [Int64] = [1, 1, 1, 1]
    var hasBias = true

    func layer(_ input: Tensor? = nil) -> Case {
      let x = input ?? .random(x)
      let w = Tensor.random([filters, x.dims[1], 3, 3], seed: 2), bias = Tensor.random([filters], seed: 3)
      return Case(
        "Conv", testDescription, [.input(x), .constant(w)] + (hasBias ? [.constant(bias)] : []),
        ["pads": .ints(pads)], tolerance: 3e-5)
    }
  }

  /// Large enough to be worth it; odd extents leave tails of tiles, of vectors and of panels.
  static let shapes = [
    Shape(testDescription: "even", x: [1, 32, 32, 32], filters: 32),
    Shape(testDescription: "odd everywhere", x: [1, 33, 31, 37], filters: 35),
    Shape(testDescription: "no bias", x: [1, 32, 30, 33], filters: 48, hasBias: false),
    Shape(testDescription: "no padding", x: [1, 64, 35, 34], filters: 64, pads: [0, 0, 0, 0]),
    Shape(testDescription: "wide padding, one side more", x: [1, 64, 26, 29], filters: 64, pads: [5, 2, 0, 7]),
    Shape(testDescription: "a batch whose panels hold tiles of two images", x: [3, 64, 15, 23], filters: 72),
    Shape(testDescription: "narrower than a tile", x: [2, 64, 150, 3], filters: 64),
    Shape(testDescription: "a row of several panels", x: [1, 64, 11, 301], filters: 64),
    Shape(testDescription: "few filters", x: [1, 48, 40, 41], filters: 3),
    Shape(testDescription: "several chunks", x: [1, 200, 57, 60], filters: 36),
  ]

  @Test("equals the definition", arguments: shapes) func agrees(shape: Shape) throws {
    let test = shape.layer()
    let expected = try test.run(.reference, threads: 1)
    for threads in 1...3 {
      let plan = try plan(test, .standard, threads: threads)
      #expect(plan.steps.map(\.kernel.isa).allSatisfy { $0.hasSuffix("Winograd") })
      let found = try test.run(try Backend("vector", isStrict: true), threads: threads)
      let difference = Agreement(tolerance: test.tolerance).difference(expected: expected, found: found)
      #expect(difference == nil, "\(threads) threads: \(difference ?? "")")
    }
  }

  @Test("is not used with strict precision") func strict() throws {
    let plan = try plan(Self.shapes[0].layer(), .strict, threads: 2)
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
    let clean = try shape.layer().run(try Backend("vector", isStrict: true), threads: 2)
    for bad in [Float.nan, .infinity] {
      // Row 8 belongs to the tiles of rows 4 to 11: the next tile begins its input at row 11.
      let x = Tensor.random(shape.x).replacing([8 * 32 + 8: bad])
      let found = try shape.layer(x).run(try Backend("vector", isStrict: true), threads: 2)
      let before = floats(clean["y0"]!), after = floats(found["y0"]!)
      let spoilt = after.indices.filter { !after[$0].isFinite }
      let far = after.indices.filter { !(4..<12).contains($0 / 32 % 32) || !(4..<12).contains($0 % 32) }
      #expect(spoilt.contains(8 * 32 + 8))
      #expect(far.allSatisfy { after[$0] == before[$0] })
    }
  }

  private func plan(_ test: Case, _ precision: Backend.Precision, threads: Int) throws -> ExecutionPlan {
    let types = test.inputs.mapValues { TensorType($0.elementType, dims: $0.dims) }
    return try Planner(backend: try Backend("vector", isStrict: true, precision: precision), threads: threads)
      .plan(test.graph, inputs: types)
  }

  private func floats(_ tensor: Tensor) -> [Float] { tensor.withElements(of: Float.self) { Array($0) } }
}
