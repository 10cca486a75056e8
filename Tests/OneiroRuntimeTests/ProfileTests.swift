import OneiroConformance
import OneiroGraph
import OneiroRuntime
import Testing

@Suite("The profile") struct ProfileTests {
  private static func plan(_ text: String, _ types: [String: [Int]], backend: Backend? = nil) throws -> ExecutionPlan {
    let graph = try GraphText.parse("<ir_version: 10, opset_import: [\"\" : 23, \"ai.oneiro\" : 1]>\n" + text).graph
    return try Planner(backend: try backend ?? .reference, threads: 1).plan(
      graph, inputs: types.mapValues { TensorType(.float32, dims: $0) })
  }

  @Test(
    "Operations are those of the definition, and bytes those of all operands",
    arguments: [
      // 2 x 6 channels out, 4 x 5 places, 4/2 channels in of 3 x 3 taps.
      (
        "Conv <group = 2, pads = [1, 1, 1, 1]> (A, B)", [2, 4, 4, 5], [6, 2, 3, 3],
        2.0 * 2 * 6 * 4 * 5 * 2 * 9, 4.0 * (160 + 108 + 240)
      ),
      // Every element of A goes to 6 channels of 2 x 2 taps.
      (
        "ConvTranspose <strides = [2, 2]> (A, B)", [1, 3, 4, 5], [3, 6, 2, 2], 2 * 60 * 6 * 4,
        4 * (60 + 72 + 6 * 8 * 10)
      ),
      ("Gemm (A, B)", [5, 7], [7, 3], 2 * 5 * 7 * 3, 4 * (35 + 21 + 15)),
      ("Gemm <transA = 1> (A, B)", [7, 5], [7, 3], 2 * 5 * 7 * 3, 4 * (35 + 21 + 15)),
      ("MatMul (A, B)", [2, 5, 7], [7, 3], 2 * 2 * 5 * 7 * 3, 4 * (70 + 21 + 30)),
      ("MatMul (A, B)", [7], [7, 3], 2 * 7 * 3, 4 * (7 + 21 + 3)),
      (
        "ai.oneiro.ScaledDotProductAttention <heads = 2> (A, B, B)", [1, 5, 6], [1, 8, 6], 2 * 5 * 8 * 12,
        4 * (30 + 48 + 30)
      ),
      ("Add (A, B)", [4], [4], 0, 4 * 12),
      ("Add (A, A)", [4], [4], 0, 4 * 8),
    ] as [(String, [Int], [Int], Double, Double)])
  func counts(node: String, a: [Int], b: [Int], operations: Double, bytes: Double) throws {
    let input = { (name: String, dims: [Int]) in "float[\(dims.map(String.init).joined(separator: ","))] \(name)" }
    let plan = try Self.plan("g (\(input("A", a)), \(input("B", b))) => (Y) { Y = \(node) }", ["A": a, "B": b])
    // A fused operator without a kernel is planned as its body.
    let whole =
      plan.steps.count == 1
      ? plan
      : try Self.plan(
        "g (\(input("A", a)), \(input("B", b))) => (Y) { Y = \(node) }", ["A": a, "B": b], backend: Backend("vector"))
    let step = try #require(whole.steps.first)
    #expect(whole.steps.count == 1)
    #expect(OperationCount(step) == OperationCount(operations: operations, bytes: bytes))
  }

  private static let chain = "g (float[1024] X) => (Y) { A = Relu (X) B = Neg (A) Y = Add (B, A) }"

  @Test("Memory in use is that of the values alive at each step") func memory() throws {
    let plan = try Self.plan(Self.chain, ["X": [1024]])
    #expect(plan.liveByteCounts == [8192, 8192, 3 * 4096])
    #expect(plan.liveByteCounts.allSatisfy { $0 <= plan.arenaByteCount })
    let memory = PlanMemory(plan)
    #expect(memory.arena == plan.arenaByteCount && memory.values == 3 * 4096)
    #expect(memory.workspace == 0 && memory.weights == 0)
  }

  @Test("Steps have the mean time of the runs") func means() throws {
    var benchmark = try Benchmark(try Self.plan(Self.chain, ["X": [1024]]), inputs: ["X": .random([1024])])
    let times = try benchmark.stepTimes(runs: 4)
    #expect(times.runs == 4 && times.bodies.isEmpty)
    let steps = ProfiledStep.list(benchmark.plan, times)
    #expect(steps.map(\.index) == ["0", "1", "2"] && steps.map(\.calls) == [1, 1, 1])
    #expect(steps.map(\.nanoseconds) == times.nanoseconds.map { Double($0) / 4 })
  }

  @Test("A trace has an event for each step, and the memory in use at each and behind the last") func trace() throws {
    var benchmark = try Benchmark(try Self.plan(Self.chain, ["X": [1024]]), inputs: ["X": .random([1024])])
    let times = try benchmark.stepTimes(runs: 1)
    guard case .object(let members) = ChromeTrace.document(benchmark.plan, times),
      case .array(let events)? = members.first(where: { $0.key == "traceEvents" })?.value
    else {
      Issue.record("no events")
      return
    }
    let phases = events.map { event -> String in
      guard case .object(let members) = event,
        case .string(let phase)? = members.first(where: { $0.key == "ph" })?.value
      else { return "" }
      return phase
    }
    #expect(phases == ["X", "C", "X", "C", "X", "C", "C"])
    let counters = events.map(\.compact).filter { $0.contains("\"memory\"") }
    let ends = ["8192", "8192", "12288", "0"].map { "\"args\": {\"bytes\": \($0)}}" }
    #expect(zip(counters, ends).allSatisfy { $0.hasSuffix($1) }, "\(counters)")
  }

  @Test("The machine's peak is measured with any backend", arguments: ["vector", "reference"]) func peak(
    backend: String
  )
    throws
  {
    let planner = Planner(backend: try Backend(backend), threads: 1)
    let peak = try #require(try MachinePeak.measure(planner))
    #expect(peak.operationsPerSecond > 1e8 && peak.bytesPerSecond > 1e7)
    let half = OperationCount(operations: peak.operationsPerSecond / 2, bytes: peak.bytesPerSecond / 4)
    #expect(abs(peak.share(half, nanoseconds: 1e9) - 0.5) < 1e-9)
    #expect(peak.share(half, nanoseconds: 0) == 0)
  }
}
