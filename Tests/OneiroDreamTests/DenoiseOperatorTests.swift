import OneiroDream
import OneiroGraph
import OneiroRuntime
import Testing

/// `ai.oneiro.Denoise` as a node of a graph, on the reference kernels.
@Suite struct DenoiseOperatorTests {
  /// The prediction is the context, [N,2], at every place of a sample [N,1,1,2].
  private static func graph(
    _ inputs: String, read: String, attributes: String, body: String = "float[B,1,1,2] s, int64[B] t, float[B,2] c"
  ) throws -> Graph {
    try GraphText.parse(
      """
      <ir_version: 10, opset_import: ["" : 23, "ai.oneiro" : 1]>
      g (\(inputs)) => (latent) {
        [unet] latent = ai.oneiro.Denoise <scheduler = "euler", steps = 2\(attributes), body: graph = b (\(body)) => (e)
          <int64[2] axes = {1, 2}, float zero = {0.0}> {
            wide = Unsqueeze (c, axes)
            none = Mul (s, zero)
            e = Add (none, wide)
          }> (\(read))
      }
      """
    ).graph
  }

  private static func run(_ graph: Graph, _ inputs: [String: Tensor], _ options: RunOptions = RunOptions()) throws
    -> [Float]
  {
    let planner = Planner(backend: try Backend.reference, hostOperators: [DenoiseOperator.self], threads: 1)
    let outputs = try GraphRunner(graph, planner: planner).run(inputs.mapValues(Value.tensor), options)
    return try #require(outputs["latent"]?.tensor).elements(of: Float.self)
  }

  private static let noise = Tensor([0.5, -1, 2, 0.25] as [Float], dims: [2, 1, 1, 2])
  private static let context = Tensor([1, 2, 3, 4] as [Float], dims: [2, 2])

  @Test(arguments: [[0.5, -0.5] as [Float], [0.5, -0.5, 1, 0.25]])
  func eachPictureIsGuidedByItsOwnContexts(unconditional: [Float]) throws {
    let inputs = "float[N,1,1,2] noise, float[N,2] context, float[M,2] none"
    let guided = try Self.graph(inputs, read: "noise, context, none", attributes: ", guidance = 3.0")
    let found = try Self.run(
      guided,
      [
        "noise": Self.noise, "context": Self.context,
        "none": Tensor(unconditional, dims: [unconditional.count / 2, 2]),
      ])
    // The predictor hangs on nothing else, so the guided context alone must give the same.
    let pushed = (0..<4).map { index in
      let away = unconditional[index % unconditional.count]
      return away + 3 * (Self.context.elements(of: Float.self)[index] - away)
    }
    let plain = try Self.graph("float[N,1,1,2] noise, float[N,2] context", read: "noise, context", attributes: "")
    #expect(found == (try Self.run(plain, ["noise": Self.noise, "context": Tensor(pushed, dims: [2, 2])])))
  }

  /// One of a batch is drawn as it would be alone.
  @Test func freshNoiseBelongsToThePicture() throws {
    var graph = try Self.graph(
      "float[N,1,1,2] noise, float[N,2] context", read: "noise, context", attributes: ", eta = 1.0")
    graph.nodes[0].attributes["scheduler"] = .string("ddim")
    var options = RunOptions()
    options.seed = 9
    let both = try Self.run(graph, ["noise": Self.noise, "context": Self.context], options)
    options.firstItem = 1
    let alone = [
      "noise": Tensor([2, 0.25] as [Float], dims: [1, 1, 1, 2]), "context": Tensor([3, 4] as [Float], dims: [1, 2]),
    ]
    let second = try Self.run(graph, alone, options)
    #expect(Array(both.suffix(2)) == second)
    options.seed = 10
    #expect(second != (try Self.run(graph, alone, options)))
  }

  @Test func theTimesOfTheBodyAreThoseOfAllRounds() throws {
    var graph = try Self.graph("float[N,1,1,2] noise, float[N,2] context", read: "noise, context", attributes: "")
    graph.nodes[0].attributes["steps"] = .int(5)
    let planner = Planner(backend: try Backend.reference, hostOperators: [DenoiseOperator.self], threads: 1)
    let inputs = ["noise": Self.noise, "context": Self.context]
    let plan = try planner.plan(graph, inputs: inputs.mapValues { TensorType(.float32, dims: $0.dims) })
    let body = try #require((plan.steps.last?.kernel as? any PlannedBody)?.bodyPlan)
    var benchmark = try Benchmark(plan, inputs: inputs)
    let times = try benchmark.stepTimes(runs: 2)
    let loop = plan.steps.count - 1
    #expect(times.runs == 2)
    #expect(times.bodies.keys.sorted() == [loop] && times.bodies[loop]?.runs == 2 * 5)
    let steps = ProfiledStep.list(plan, times)
    #expect(
      steps.map(\.index) == plan.steps.indices.map(String.init) + body.steps.indices.map { "\(loop).\($0)" })
    #expect(steps.suffix(body.steps.count).allSatisfy { $0.calls == 5 && $0.liveByteCount <= plan.arenaByteCount })
    let memory = PlanMemory(plan)
    #expect(memory.arena == plan.arenaByteCount && memory.values + memory.workspace <= memory.arena)
    #expect(
      memory.values + memory.workspace
        == steps.filter { !($0.step.kernel is any PlannedBody) }.map(\.liveByteCount).max())
    #expect(memory.weights == plan.constantByteCount + body.constantByteCount && body.constantByteCount > 0)
    let sum = steps.reduce(0) { $0 + $1.nanoseconds }, whole = Double(times.nanoseconds.reduce(0, +)) / 2
    #expect(abs(sum - whole) < 1e-6 * whole)
  }

  @Test(arguments: [
    (
      "float[2,1,1,2] noise, float[2,2] context", "noise, context", "float[B,1,1,2] s, int64[B] t, float[B,2] c",
      "guidance: expected 1 because there is no unconditional context, found 3.0"
    ),
    (
      "float[2,1,1,2] noise, float[2,2] none", "noise, , none", "float[B,1,1,2] s, int64[B] t, float[B,2] c",
      "input \"unconditional\": expected a context beside it, found no context"
    ),
    (
      "float[2,1,1,2] noise, float[2,2] context, float[1,3] none", "noise, context, none",
      "float[B,1,1,2] s, int64[B] t, float[B,2] c",
      "input \"unconditional\": expected float[2,2], or 1 at the first axis"
    ),
    (
      "float[3,1,1,2] noise, float[3,2] context, float[2,2] none", "noise, context, none",
      "float[B,1,1,2] s, int64[B] t, float[B,2] c",
      "input \"unconditional\": expected float[3,2], or 1 at the first axis"
    ),
    (
      "float[2,1,1,2] noise, float[2,2] context, float[1,2] none", "noise, context, none",
      "float[2,1,1,2] s, int64[2] t, float[2,2] c",
      "input \"s\" of role \"unet\": expected float[2,1,1,2], found float[4,1,1,2]"
    ),
  ])
  func whatCannotBeGuidedIsRefused(inputs: String, read: String, body: String, message: String) throws {
    let graph = try Self.graph(inputs, read: read, attributes: ", guidance = 3.0", body: body)
    let values = Dictionary(
      uniqueKeysWithValues: graph.inputs.map { info in
        let dims = info.type?.tensorType?.dims ?? []
        return (info.name, Tensor([Float](repeating: 1, count: dims.reduce(1, *)), dims: dims))
      })
    let error = #expect(throws: RunError.self) { try Self.run(graph, values) }
    #expect(
      error?.description.contains("\"unet\" (ai.oneiro.Denoise): \(message)") == true, "\(error?.description ?? "")")
  }
}
