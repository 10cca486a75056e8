import OneiroGraph
import OneiroQuantization
import OneiroRuntime
import Testing

@Suite struct CalibrationTests {
  private func histogram(_ batches: [[Float]]) -> Histogram {
    var histogram = Histogram()
    for batch in batches { batch.withUnsafeBufferPointer { histogram.add($0) } }
    return histogram
  }

  @Test("A histogram keeps its bins when numbers grow, and counts every number")
  func doubling() {
    let grown = histogram([[0, 0], [0.5, -0.25], [3], [-1000]])
    #expect(grown.count == 6 && grown.bins.reduce(0, +) == 6 && grown.bins.count == Histogram.binCount)
    // 0.5 was the first limit; eleven doublings reach 1000.
    #expect(grown.limit == 1024 && grown.low == -1000 && grown.high == 3)
    #expect(grown.bins[Histogram.binCount / 2 + 3] == 1 && grown.bins[24] == 1)
    let extreme = histogram([[.leastNonzeroMagnitude], [.greatestFiniteMagnitude, -.greatestFiniteMagnitude]])
    #expect(extreme.bins.reduce(0, +) == 3)
  }

  @Test("Bytes stand for no range near the ends of float32")
  func ends() {
    for numbers in [[3e38, -3e38], [3e38], [-1e-37]] as [[Float]] { #expect(!histogram([numbers]).isInRange) }
    for numbers in [[0], [8e37, -8e37], [1e-34], [-1, 1]] as [[Float]] { #expect(histogram([numbers]).isInRange) }
  }

  @Test("A layer whose activation has no such range rounds its weight alone")
  func outOfRange() throws {
    var graph = try GraphText.parse(
      """
      <ir_version: 8, opset_import: ["" : 23]>
      g (float[1,32] x) => (float[1,32] y) { [far] y = MatMul (x, w) }
      """
    ).graph
    graph.addInitializer("w", Tensor([Float](repeating: 1e-3, count: 1024), dims: [32, 32]))
    let call = ["x": Tensor([3e38] + [Float](repeating: -1, count: 31), dims: [1, 32])]
    let planner = Planner(backend: try Backend.reference, threads: 1)
    let found = try Calibration([call], source: "test").ranges(
      for: LayerSelection(.w8a8).choices(for: QuantizableLayer.all(in: graph)), in: graph, method: .mse,
      planner: planner)
    #expect(found.activations.isEmpty && found.choices[0].scheme == .w8 && found.choices[0].isOutOfRange)
    #expect(found.choices[0].reason == "no scale of bytes stands for -1.0 ... 3e+38, as in \"x\"")
  }

  @Test("Zeros alone, and the whole range")
  func minmax() {
    #expect(RangeMethod.minmax.quantization(histogram([[0, 0]])).scale == 1)
    #expect(
      RangeMethod.minmax.quantization(histogram([[-1, 254]])) == ActivationQuantization(scale: 1, zeroPoint: 1))
  }

  @Test("One number far out is cut off where that pays", arguments: [RangeMethod.percentile, .mse, .entropy])
  func outliers(method: RangeMethod) {
    let many = (0..<1_000_000).map { Float($0 % 2001 - 1000) / 1000 }
    let range = method.quantization(histogram([many, [4]]))
    #expect(range.scale < 4.0 / 255 && range.scale > 1.5 / 255, "\(method): \(range)")
    // Without it all of the range is kept, but for a bin.
    let whole = method.quantization(histogram([many]))
    #expect(abs(whole.scale - 2.0 / 255) < 0.1 / 255, "\(method): \(whole)")
  }

  @Test("Activations are seen through views, in fused steps, and at the graph's inputs")
  func values() throws {
    let graph = try GraphText.parse(
      """
      <ir_version: 10, opset_import: ["" : 23]>
      g (float[2,4] x) => (float[8] y) <int64[1] shape = {-1}> {
        s = Sigmoid (x)
        a = Mul (x, s)
        b = Reshape (a, shape)
        y = Neg (b)
      }
      """
    ).graph
    let calls = [1, 2].map { ["x": Tensor([Float](repeating: Float($0), count: 8), dims: [2, 4])] }
    let found = try Calibration(calls, source: "test").histograms(
      of: ["x", "s", "b", "none"], in: graph, planner: Planner(backend: try Backend.reference, threads: 1))
    #expect(found.keys.sorted() == ["b", "s", "x"])
    #expect(found["x"]?.low == 1 && found["x"]?.high == 2 && found["x"]?.count == 16)
    // 2 / (1 + exp(-2))
    #expect(abs((found["b"]?.high ?? 0) - 1.761594) < 1e-6)
  }

  @Test("Nothing, zeros and NaN are no calibration")
  func refused() throws {
    let empty = #expect(throws: GraphError.self) { _ = try Calibration([], source: "set") }
    #expect(empty?.description == "set: expected at least one call to calibrate with, found none")
    let zeros = ["x": Tensor([Float](repeating: 0, count: 4), dims: [4])]
    let silent = #expect(throws: GraphError.self) { _ = try Calibration([zeros, zeros], source: "set") }
    #expect(silent?.description == "set: expected numbers to calibrate with, found zeros alone")
    let graph = try GraphText.parse(
      "<ir_version: 10, opset_import: [\"\" : 23]> g (float[2] x) => (float[2] y) { [root] y = Sqrt (x) }"
    ).graph
    let calibration = try Calibration([["x": Tensor([Float(1), -1], dims: [2])]], source: "set")
    let bad = #expect(throws: RunError.self) {
      _ = try calibration.histograms(
        of: ["y"], in: graph, planner: Planner(backend: try Backend.reference, threads: 1))
    }
    #expect(
      bad?.description.contains(
        "value \"y\": element 1: expected a finite number when called with set, whose numbers reach 1.0, found NaN")
        == true
    )
  }
}
