import OneiroGraph
import OneiroQuantization
import OneiroRuntime
import Testing

@Suite("Schemes that are chosen for a goal")
struct AutomaticChoiceTests {
  /// Three products, of which the first is the largest and the last makes the outputs.
  private static func graph() throws -> Graph {
    var graph = try GraphText.parse(
      """
      <ir_version: 10, opset_import: ["" : 23]>
      g (float[4,96] x) => (float[4,32] y) {
        [first] a = MatMul (x, large)
        b = Relu (a)
        [second] c = MatMul (b, middle)
        d = Relu (c)
        [third] y = Gemm (d, small, bias)
      }
      """
    ).graph
    for (index, (name, dims)) in [
      ("large", [96, 128]), ("middle", [128, 64]), ("small", [64, 32]), ("bias", [32]),
    ].enumerated() { graph.addInitializer(name, noise(dims, seed: UInt64(index + 1))) }
    return graph
  }

  private func choices(_ goal: ChoiceGoal, keep: [String] = []) throws -> [LayerChoice] {
    let graph = try Self.graph()
    let calibration = try Calibration([["x": noise([4, 96], seed: 9)]], source: "test")
    let chooser = try AutomaticChoice(
      graph, calibration, goal: goal, method: .minmax, planner: Planner(backend: try Backend.reference, threads: 1))
    return try chooser.choices(for: QuantizableLayer.all(in: graph), keep: LayerSelection(.w8, keep: keep)).choices
  }

  private static let floats = (96 * 128 + 128 * 64 + 64 * 32) * 4, bias = 32 * 4

  @Test("A weak bound is met by 4 bits, a strong one by 16, one that is stronger still by none")
  func smallest() throws {
    #expect(try choices(.smallest(decibels: 5)).map(\.scheme) == [.w4, .w4, .w4])
    #expect(try choices(.smallest(decibels: 60)).map(\.scheme) == [.f16, .f16, .f16])
    #expect(try choices(.smallest(decibels: 120)).map(\.scheme) == [.f32, .f32, .f32])
    let middle = try choices(.smallest(decibels: 30)).map(\.scheme)
    #expect(middle.contains(.w8) || Set(middle).count > 1, "\(middle)")
  }

  @Test("What is kept stays, whatever the goal")
  func kept() throws {
    #expect(try choices(.smallest(decibels: 5), keep: ["second"]).map(\.scheme) == [.w4, .f32, .w4])
  }

  @Test("Room for all floats is taken by floats, and less room by fewer bits")
  func size() throws {
    let all = Self.floats + Self.bias
    #expect(try choices(.withinSize(byteCount: all)).map(\.scheme) == [.f32, .f32, .f32])
    #expect(try choices(.withinSize(byteCount: Self.floats / 2 + Self.bias)).map(\.scheme) == [.f16, .f16, .f16])
    let third = try choices(.withinSize(byteCount: all / 3)).map(\.scheme)
    #expect(Set(third).count > 1 && !third.contains(.w4), "\(third)")
  }

  @Test("A size that cannot be had is refused with the one that can")
  func tooSmall() throws {
    let error = #expect(throws: RunError.self) { _ = try choices(.withinSize(byteCount: 1000)) }
    let message = "the choice of schemes: expected 1000 bytes of weights, found 12.5 KiB at least"
    #expect(error?.description == message)
    // The same is told before there is anything to measure with.
    let early = #expect(throws: RunError.self) {
      try ChoiceGoal.withinSize(byteCount: 1000).check(in: try Self.graph(), keep: LayerSelection(.w8))
    }
    #expect(early?.description == message)
    try ChoiceGoal.withinSize(byteCount: 12_800).check(in: try Self.graph(), keep: LayerSelection(.w8))
    #expect(throws: RunError.self) {
      try ChoiceGoal.withinSize(byteCount: 12_800).check(
        in: try Self.graph(), keep: LayerSelection(.w8, keep: ["second"]))
    }
  }

  @Test("With time enough nothing is rounded, and no time at all is refused")
  func time() throws {
    #expect(try choices(.withinTime(milliseconds: 1e6)).map(\.scheme) == [.f32, .f32, .f32])
    let error = #expect(throws: RunError.self) { _ = try choices(.withinTime(milliseconds: 1e-9)) }
    #expect(error?.description.contains("expected 1e-09 ms a call, found") == true)
  }

  @Test("The fastest choice keeps the bound, whatever was measured")
  func fastest() throws {
    #expect(try choices(.fastest(decibels: 140)).map(\.scheme) == [.f32, .f32, .f32])
  }

  @Test(
    "A layer whose weight a scheme does not hold gets another, and says why",
    arguments: [(Float(1e-43), LayerScheme.f32, "float16"), (1e-8, .w8, "int4")])
  func outOfRange(size: Float, scheme: LayerScheme, form: String) throws {
    var graph = try Self.graph()
    graph.initializers["middle"] = Tensor(
      noise([128, 64], seed: 2).elements(of: Float.self).map { $0 * size }, dims: [128, 64])
    let chooser = try AutomaticChoice(
      graph, try Calibration([["x": noise([4, 96], seed: 9)]], source: "test"), goal: .smallest(decibels: 5),
      method: .minmax, planner: Planner(backend: try Backend.reference, threads: 1))
    let choices = try chooser.choices(for: QuantizableLayer.all(in: graph), keep: LayerSelection(.w8)).choices
    #expect(choices[1].scheme == scheme && choices.map(\.isOutOfRange) == [false, true, false], "\(choices)")
    #expect(choices[1].reason?.hasPrefix("\(form) does not hold weights of up to ") == true, "\(choices[1])")
  }

  @Test("A layer whose activation bytes do not hold says so, whatever was measured")
  func activationOutOfRange() throws {
    var graph = try Self.graph()
    graph.initializers["large"] = Tensor(
      noise([96, 128], seed: 1).elements(of: Float.self).map { $0 * 1e-30 }, dims: [96, 128])
    let x = Tensor((0..<4 * 96).map { $0 % 96 == 0 ? Float(3e38) : -1 }, dims: [4, 96])
    let chooser = try AutomaticChoice(
      graph, try Calibration([["x": x]], source: "test"), goal: .fastest(decibels: 5), method: .minmax,
      planner: Planner(backend: try Backend.reference, threads: 1))
    let first = try chooser.choices(for: QuantizableLayer.all(in: graph), keep: LayerSelection(.w8)).choices[0]
    #expect([.f32, .w8].contains(first.scheme) && first.isOutOfRange, "\(first)")
    #expect(first.reason == "no scale of bytes stands for -1.0 ... 3e+38, as in \"x\"")
  }

  @Test("The time that measuring takes is told ahead by what calls took")
  func estimate() {
    // Three layers in 3 schemes, where the whole graph is planned in 2 s and called 4 times in 0.5 s.
    let seconds = AutomaticChoice.estimatedSeconds(
      shares: [1, 0.5, 0.25], schemeCount: 3, sampleCount: 4, planning: 2, call: 0.5)
    #expect(seconds == 21)
  }

  @Test("What is kept takes no time") func estimateOfKept() throws {
    let graph = try Self.graph()
    let chooser = try AutomaticChoice(
      graph, try Calibration([["x": noise([4, 96], seed: 9)]], source: "test"), goal: .smallest(decibels: 20),
      method: .minmax, planner: Planner(backend: try Backend.reference, threads: 1))
    #expect(try chooser.estimatedSeconds(keep: LayerSelection(.w8)) > 0)
    #expect(try chooser.estimatedSeconds(keep: LayerSelection(.w8, keep: ["*"])) == 0)
  }

  @Test("Each phase is counted to its end")
  func progress() throws {
    let graph = try Self.graph()
    let calibration = try Calibration([9, 10].map { ["x": noise([4, 96], seed: $0)] }, source: "test")
    var told: [ChoiceProgress] = []
    let chooser = try AutomaticChoice(
      graph, calibration, goal: .smallest(decibels: 20), method: .minmax,
      planner: Planner(backend: try Backend.reference, threads: 1)
    ) { told.append($0) }
    #expect(told.map(\.done) == [1, 2] && told.allSatisfy { $0.phase == .outputs && $0.total == 2 })
    _ = try chooser.choices(for: QuantizableLayer.all(in: graph), keep: LayerSelection(.w8, keep: [])) {
      told.append($0)
    }
    #expect(told.filter { $0.phase == .layers }.map(\.done) == [1, 2, 3])
    // All five nodes are run for the first layer, three for the second, one for the third.
    #expect(told.filter { $0.phase == .layers }.map { ($0.share * 9).rounded() } == [5, 8, 9])
    let whole = told.filter { $0.phase == .whole }.map(\.done)
    #expect(!whole.isEmpty && whole.count % 2 == 0 && whole.prefix(2) == [1, 2])
  }

  @Test("Layers are timed alone in every scheme")
  func layerTimes() throws {
    let graph = try Self.graph(), call = ["x": noise([4, 96], seed: 9)]
    let planner = Planner(backend: try Backend.reference, threads: 1)
    let timer = try LayerTimer(graph, call: call, planner: planner)
    for scheme in LayerScheme.allCases {
      let choices = LayerSelection(scheme).choices(for: QuantizableLayer.all(in: graph))
      let (settled, activations) = try Calibration([call], source: "test").ranges(
        for: choices, in: graph, method: .minmax, planner: planner)
      let times = try timer.times(of: settled, activations: activations)
      #expect(times.keys.sorted() == ["first", "second", "third"], "\(scheme)")
      #expect(times.values.allSatisfy { $0.before > 0 && $0.after > 0 }, "\(scheme)")
    }
  }
}
