import OneiroConformance
import OneiroGraph
import OneiroPasses
import OneiroRuntime
import Testing

@Suite("Steps that write over their input") struct InPlaceTests {
  private static func plan(_ text: String, _ types: [String: [Int]], backend: String = "vector") throws -> ExecutionPlan
  {
    let graph = try GraphText.parse("<ir_version: 10, opset_import: [\"\" : 23]>\n" + text).graph
    return try Planner(backend: try Backend(backend), threads: 1, rewrites: RewriteSettings(skipping: ["all"])).plan(
      graph, inputs: types.mapValues { TensorType(.float32, dims: $0) })
  }

  /// The names of what is written over what.
  private static func over(_ plan: ExecutionPlan) -> [String: String] {
    plan.values.reduce(into: [:]) { $0[$1.name] = $1.over }
  }

  private static let chain = """
    chain (float[1024] X) => (float[32,32] Y)
      <float C = {2.0}, int64[2] shape = {32,32}>
    {
      A = Relu (X)
      B = Mul (A, C)
      V = Reshape (B, shape)
      W = Transpose (V)
      Y = Add (W, V)
    }
    """

  /// 4096 bytes a value: X, A and B are one block, W and Y another.
  @Test("Peak bytes and places of an example worked out by hand") func golden() throws {
    let plan = try Self.plan(Self.chain, ["X": [1024]])
    #expect(
      text(of: plan) == """
        chain: 8192 bytes, 0 folded, 1 views
          4096 ..< 8192: X float[1024], steps -1...0
          4096 ..< 8192: A float[1024], steps 0...1, over X
          4096 ..< 8192: B float[1024], steps 1...3, over A
          0 ..< 4096: W float[32,32], steps 2...3
          0 ..< 4096: Y float[32,32], steps 3...4, over W
          0: A@4096 = Relu (X@4096) on vector
          1: B@4096 = Mul (A@4096, C#0) on vector
          2: W@0 = Transpose (V@4096) on vector
          3: Y@0 = Add (W@0, V@4096) on vector
        """)
    #expect(plan.liveByteCounts == [4096, 4096, 8192, 8192])
    #expect(PlanText.print(plan).contains("out  A  float[1024]  arena 4096, over X\n"))
    #expect(ArenaTests.clashes(plan) == [])
  }

  @Test(
    "What is still needed is not written over",
    arguments: [
      // Read by a later step, also as a view.
      ("g (float[4] X) => (Y) { A = Relu (X) B = Neg (A) Y = Concat <axis = 0> (B, A) }", ["A": "X"]),
      (
        "g (float[4] X) => (Y) <int64[2] s = {2, 2}> { A = Relu (X) V = Reshape (A, s) B = Neg (A) T = Transpose (V) W = Reshape (B, s) Y = Div (T, W) }",
        ["A": "X", "Y": "T"]
      ),
      // Handed out.
      ("g (float[4] X) => (A, Y) { A = Relu (X) Y = Neg (A) }", ["A": "X"]),
      ("g (float[4] X) => (X, Y) { Y = Neg (X) }", [:]),
      // Of another shape than the result: repeated.
      ("g (float[4] X, float[3,1] Z) => (Y) { Y = Add (X, Z) }", [:]),
      ("g (float[4] X, float[3,4] Z) => (Y) { Y = Add (X, Z) }", ["Y": "Z"]),
      // One memory under two shapes.
      (
        "g (float[4] X) => (Y) <int64[2] s = {2, 2}, int64[3] t = {1, 2, 2}> { A = Relu (X) V = Reshape (A, s) W = Reshape (A, t) Y = Add (V, W) }",
        ["A": "X"]
      ),
      // A result of another element type.
      ("g (float[4] X, float[4] Z) => (Y) { Y = Less (X, Z) }", [:]),
      // Operands behind the second are added when the output has been written already.
      ("g (float[4] X, float[4] Z) => (Y) { Y = Sum (X, Z, X) }", [:]),
      // One value twice in one shape.
      ("g (float[4] X) => (Y) { Y = Mul (X, X) }", ["Y": "X"]),
    ])
  func conditions(text: String, expected: [String: String]) throws {
    let graph = try GraphText.parse("<ir_version: 10, opset_import: [\"\" : 23]>\n" + text).graph
    let dims = graph.inputs.reduce(into: [:]) { $0[$1.name] = $1.type?.tensorType?.dims ?? [] }
    let plan = try Self.plan(text, dims)
    #expect(Self.over(plan) == expected)
    #expect(ArenaTests.clashes(plan) == [])
    let inputs = dims.reduce(into: [:]) { $0[$1.key] = Tensor.random($1.value) }
    var session = try Session(plan), reference = try Session(try Self.plan(text, dims, backend: "reference"))
    let found = try session.run(inputs), wanted = try reference.run(inputs)
    #expect(Agreement(tolerance: 1e-6).difference(expected: wanted, found: found) == nil)
  }

  /// The case with those inputs as outputs beside its own, so that their memory is kept.
  private static func keeping(_ test: Case, except dying: String?) -> Graph {
    var graph = test.graph
    graph.outputs += test.graph.inputs.filter { $0.name != dying }.map { ValueInfo($0.name, nil) }
    return graph
  }

  private static func run(_ graph: Graph, _ test: Case, _ backend: Backend, threads: Int) throws -> (
    plan: ExecutionPlan, results: [String: Tensor]
  ) {
    let types = test.inputs.mapValues { TensorType($0.elementType, dims: $0.dims) }
    let plan = try Planner(backend: test.backend(backend), threads: threads).plan(graph, inputs: types)
    var session = try Session(plan)
    return (plan, try session.run(test.inputs))
  }

  @Test(
    "A kernel computes the same to the bit, over whichever of its inputs", arguments: ["vector", "onednn", "openblas"])
  func everyKernel(name: String) throws {
    let backend = try Backend(name, isStrict: true)
    guard case .plugin(let plugin) = backend.chain.first else { return }
    var seen: Set<OpIdentifier> = []
    for test in Conformance.all + Self.large where try test.isTaken(by: backend) {
      for threads in [1, 3] {
        let apart = try Self.run(Self.keeping(test, except: nil), test, backend, threads: threads)
        // The steps of a fused operator's body may write over what the body made.
        let overwritten = apart.plan.steps.compactMap { $0.overwritten?.name }
        #expect(overwritten.allSatisfy { test.inputs[$0] == nil }, "\(test.description)")
        for input in test.graph.inputs {
          let found = try Self.run(Self.keeping(test, except: input.name), test, backend, threads: threads)
          guard found.plan.steps.contains(where: { $0.overwritten?.name == input.name }) else { continue }
          seen.insert(test.op)
          for (name, tensor) in found.results {
            let isSame = try #require(apart.results[name]).bytes.elementsEqual(tensor.bytes)
            #expect(isSame, "\(test.description) on \(plugin.name), \(name) over \(input.name), \(threads) threads")
          }
        }
      }
    }
    let expected = Set(plugin.kernels.filter(\.mayOverwriteInput).map(\.op))
    #expect(expected.subtracting(seen).map(\.description).sorted() == [], "no case tries these in place")
  }

  /// Enough elements for several threads, and for a last piece of odd length.
  private static let large: [Case] = {
    let a = Tensor.random([3, 8, 53, 61]), b = Tensor.random(a.dims, seed: 2), perChannel = Tensor.random([8, 1, 1])
    let scale = Case.Operand.constant(.random([8])), bias = Case.Operand.constant(.random([8], seed: 3))
    let unary = ["Relu", "Sigmoid", "Tanh", "Gelu", "Elu", "Abs", "HardSwish"].map { Case($0, "large", [.input(a)]) }
    let binary = ["Add", "Sub", "Mul", "Div"].flatMap { op in
      [
        Case(op, "large", [.input(a), .input(b)]), Case(op, "large, repeated", [.input(a), .input(perChannel)]),
        Case(op, "large, repeated first", [.input(perChannel), .input(b)]),
      ]
    }
    return unary + binary + [
      Case("SiLU", domain: "ai.oneiro", "large", [.input(a)]),
      Case("GroupNormalization", "large", [.input(a), scale, bias], ["num_groups": .int(4)]),
      Case("InstanceNormalization", "large", [.input(a), scale, bias]),
      Case("LayerNormalization", "large", [.input(a), .constant(.random([61])), .constant(.random([61], seed: 3))]),
    ] + [-1, 1, 2].map { Case("Softmax", "large, axis \($0)", [.input(a)], ["axis": .int($0)]) }
  }()

  @Test("An infinity that a step makes in place is found, and one that it was given is let through") func finite()
    throws
  {
    let plan = try Self.plan("g (float[4] X) => (Y) { A = Relu (X) Y = Exp (A) }", ["X": [4]])
    #expect(Self.over(plan) == ["A": "X", "Y": "A"])
    var options = RunOptions()
    options.checksFinite = true
    var session = try Session(plan)
    let given = try session.run(["X": Tensor([.infinity, 1, 2, 3] as [Float], dims: [4])], options)
    #expect(given["Y"]?.elements(of: Float.self).first == .infinity)
    let error = #expect(throws: RunError.self) {
      _ = try session.run(["X": Tensor([1, 2, 1000, 3] as [Float], dims: [4])], options)
    }
    #expect(error?.description.contains("Exp") == true, "\(error?.description ?? "")")
  }
}
