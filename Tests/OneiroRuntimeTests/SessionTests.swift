import Glibc
import OneiroConformance
import OneiroGraph
import OneiroModel
import OneiroRuntime
import Testing

@Suite("Sessions and runs") struct SessionTests {
  private static let header = "<ir_version: 10, opset_import: [\"\" : 23]>\n"

  private func graph(_ text: String) throws -> Graph { try GraphText.parse(Self.header + text).graph }

  private func run(_ text: String, _ inputs: [String: Tensor], backend: String = "vector") throws -> [String: Value] {
    let runner = GraphRunner(try graph(text), planner: Planner(backend: try Backend(backend), threads: 1))
    return try runner.run(inputs.mapValues(Value.tensor))
  }

  @Test("Two sessions over one plan, each on its own thread", arguments: ["vector", "openblas", "onednn"])
  func twoSessions(backend: String) async throws {
    let model = try LoadedModel(path: TinyModel.folder + "/image_classifier.onnx").graph
    let inputs = ["image": try TinyModel.load(.picture("image"), trials: 2)]
    let types = inputs.mapValues { TensorType($0.elementType, dims: $0.dims) }
    let plan = try Planner(backend: try Backend(backend), threads: 2).plan(model, inputs: types)
    let results = try await withThrowingTaskGroup(of: [String: Tensor].self) { group in
      for _ in 0..<2 {
        group.addTask {
          var session = try Session(plan)
          var last: [String: Tensor] = [:]
          for _ in 0..<4 { last = try session.run(inputs) }
          return last
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    var alone = try Session(plan)
    let expected = try alone.run(inputs)
    for result in results { #expect(Agreement(tolerance: 0).difference(expected: expected, found: result) == nil) }
  }

  @Test("A run leaves nothing behind that the next one sees") func repeated() throws {
    let graph = try graph("g (float[3,5] X) => (Y, Z) { A = Relu (X) B = Softmax (A) Y = Add (A, B) Z = Neg (B) }")
    let plan = try Planner(backend: try Backend("vector"), threads: 1).plan(
      graph, inputs: ["X": TensorType(.float32, dims: [3, 5])])
    var session = try Session(plan)
    let first = try session.run(["X": .random([3, 5])])
    _ = try session.run(["X": .full([3, 5], .nan)])
    let again = try session.run(["X": .random([3, 5])])
    #expect(Agreement(tolerance: 0).difference(expected: first, found: again) == nil)
  }

  // MARK: - Shapes that hang on data

  @Test("NonZero, and what is gathered with it") func nonZero() throws {
    let text = """
      g (float[N] X) => (Y, S) {
        H = Relu (X)
        I = NonZero (H)
        J = Squeeze (I)
        G = Gather (H, J)
        Y = Neg (G)
        S = ReduceSum <keepdims: int = 0> (G)
      }
      """
    let runner = GraphRunner(try graph(text), planner: Planner(backend: try Backend("vector"), threads: 1))
    for (x, expected) in [
      ([1, -2, 3, 0, 5], [-1, -3, -5]), ([-1, -1], []), ([4, 4, 4, 4, 4], [-4, -4, -4, -4, -4]),
    ] as [([Float], [Float])] {
      let result = try runner.run(["X": .tensor(Tensor(x, dims: [x.count]))])
      #expect(result["Y"]?.tensor?.elements(of: Float.self) == expected)
      #expect(result["S"]?.tensor?.elements(of: Float.self) == [-expected.reduce(0, +)])
    }
    #expect(runner.lastPlans.count > 1)
  }

  @Test("A shape that comes with the run, and one that is computed") func shapes() throws {
    let text = """
      g (float[N,M] X, int64[2] S) => (Y, Z)
        <int64[1] two = {2}>
      {
        R = Reshape (X, S)
        Y = Transpose (R)
        T = Mul (S, two)
        Z = Expand (first, T)
      }
      """
    var model = try graph(text)
    model.addInitializer("first", .random([1, 1]))
    let runner = GraphRunner(model, planner: Planner(backend: try Backend("vector"), threads: 1))
    for shape in [[3, 4], [4, 3], [2, 6]] as [[Int64]] {
      let result = try runner.run(["X": .tensor(.random([2, 6])), "S": .tensor(.ints(shape))])
      #expect(result["Y"]?.tensor?.dims == [Int(shape[1]), Int(shape[0])])
      #expect(result["Z"]?.tensor?.dims == shape.map { Int($0) * 2 })
    }
  }

  @Test("If takes one branch and sees the values around it", arguments: [true, false]) func condition(isTrue: Bool)
    throws
  {
    let text = """
      g (float[3] X, bool C) => (float[3] Y) {
        A = Neg (X)
        B = If <then_branch: graph = t () => (v) { v = Add (A, X) }, else_branch: graph = e () => (v) { v = Mul (A, X) }> (C)
        Y = Abs (B)
      }
      """
    let result = try run(text, ["X": Tensor([1, 2, 3] as [Float], dims: [3]), "C": Tensor(scalar: isTrue)])
    #expect(result["Y"]?.tensor?.elements(of: Float.self) == (isTrue ? [0, 0, 0] : [1, 4, 9]))
  }

  @Test("Loop carries a value and stacks another", arguments: [0, 1, 5]) func loop(rounds: Int64) throws {
    let text = """
      g (int64 M, float[2] X) => (Last, All)
        <bool on = {1}>
      {
        Last, All = Loop <body: graph = b (int64 i, bool c, float[2] v) => (bool d, float[2] w, float[2] s) {
          d = Identity (c)
          w = Add (v, X)
          s = Neg (w)
        }> (M, on, X)
      }
      """
    let result = try run(text, ["M": Tensor(scalar: rounds), "X": Tensor([1, 10] as [Float], dims: [2])])
    let n = Float(rounds)
    #expect(result["Last"]?.tensor?.elements(of: Float.self) == [n + 1, 10 * (n + 1)])
    #expect(result["All"]?.tensor?.dims == [Int(rounds), 2])
    var stacked: [Float] = []
    for round in 0..<Int(rounds) { stacked += [-Float(round + 2), -10 * Float(round + 2)] }
    #expect(result["All"]?.tensor?.elements(of: Float.self) == stacked)
  }

  @Test("A loop ends when its body says so, inside the branch of an If") func nested() throws {
    let text = """
      g (float X, bool C) => (Y) {
        Y = If <then_branch: graph = t () => (last) {
          last = Loop <body: graph = b (int64 i, bool c, float v) => (bool d, float w) {
            w = Add (v, v)
            d = Less (w, limit)
          }> ("", C, X)
        }, else_branch: graph = e () => (same) { same = Identity (X) }> (C)
      }
      """
    var model = try graph(text)
    model.addInitializer("limit", Tensor(scalar: Float(100)))
    let runner = GraphRunner(model, planner: Planner(backend: try .reference, threads: 1))
    let result = try runner.run(["X": .tensor(Tensor(scalar: Float(3))), "C": .tensor(Tensor(scalar: true))])
    #expect(result["Y"]?.tensor?.elements(of: Float.self) == [192])
  }

  @Test("Sequences are built, split and joined") func sequences() throws {
    let text = """
      g (float[N,2] X) => (Joined, Count, One) {
        H = Neg (X)
        Q = SplitToSequence <axis: int = 0, keepdims: int = 1> (H)
        Count = SequenceLength (Q)
        One = SequenceAt (Q, index)
        R = SequenceInsert (Q, X)
        Joined = ConcatFromSequence <axis: int = 0> (R)
      }
      """
    var model = try graph(text)
    model.addInitializer("index", Tensor(scalar: Int64(-1)))
    let runner = GraphRunner(model, planner: Planner(backend: try Backend("vector"), threads: 1))
    for rows in [3, 1, 4] {
      let x = Tensor.random([rows, 2])
      let values = x.elements(of: Float.self)
      let result = try runner.run(["X": .tensor(x)])
      #expect(result["Count"]?.tensor?.elements(of: Int64.self) == [Int64(rows)])
      #expect(result["One"]?.tensor?.elements(of: Float.self) == values.suffix(2).map { -$0 })
      #expect(result["Joined"]?.tensor?.elements(of: Float.self) == values.map { -$0 } + values)
    }
  }

  @Test("A sequence and a string go in and come out") func otherKinds() throws {
    let sequence = try graph(
      "g (seq(float[?]) Q) => (int64 N, float[?] Y) { N = SequenceLength (Q) Y = ConcatFromSequence <axis: int = 0> (Q) }"
    )
    let planner = Planner(backend: try Backend("vector"), threads: 1)
    let elements = [Tensor.random([2]), .random([3])].map(Value.tensor)
    let result = try GraphRunner(sequence, planner: planner).run([
      "Q": .sequence(elements, of: .tensor(.float32, [.unknown]))
    ])
    #expect(result["N"]?.tensor?.int64s() == [2])
    #expect(result["Y"]?.tensor?.dims == [5])
    let strings = try graph("g (string[N] A, string[N] B) => (string[N] C) { C = StringConcat (A, B) }")
    let joined = try GraphRunner(strings, planner: planner).run([
      "A": .tensor(Tensor(strings: ["a", "b"], dims: [2])), "B": .tensor(Tensor(strings: ["x", "y"], dims: [2])),
    ])
    #expect(joined["C"]?.tensor?.strings == ["ax", "by"])
  }

  // MARK: - What is kept between runs

  @Test("Equal shapes are planned once, other shapes anew") func cache() throws {
    let runner = GraphRunner(
      try graph("g (float[N,3] X) => (Y, S) { Y = Relu (X) S = Shape (X) }"),
      planner: Planner(backend: try Backend("vector"), threads: 1))
    for rows in [2, 2, 5, 5, 2] {
      let x = Tensor.random([rows, 3], seed: rows)
      let result = try runner.run(["X": .tensor(x)])
      #expect(result["Y"]?.tensor?.elements(of: Float.self) == x.elements(of: Float.self).map { max($0, 0) })
      // Known from the shape alone, so that no step computes it: it is kept beside the plan.
      #expect(result["S"]?.tensor?.int64s() == [Int64(rows), 3])
      #expect(runner.lastPlans.map { $0.inputs.map(\.dims) } == [[[rows, 3]]])
    }
  }

  @Test("The plans of the last four shapes are kept") func plansByShape() throws {
    let runner = GraphRunner(
      try graph("g (float[N] X) => (Y) { Y = Neg (X) }"), planner: Planner(backend: try Backend("vector"), threads: 1))
    var planned: [Int] = []
    runner.didPlan = { planned.append($0.inputs[0].dims[0]) }
    for count in [2, 5, 2, 5, 3, 4, 2, 6, 5, 2] {
      let x = Tensor.random([count])
      let y = try runner.run(["X": .tensor(x)])["Y"]?.tensor?.elements(of: Float.self)
      #expect(y == x.elements(of: Float.self).map { -$0 })
    }
    // The sixth shape drives out the one that was used longest ago, which is 5.
    #expect(planned == [2, 5, 3, 4, 6, 5])
  }

  @Test("An initializer is an input's default") func defaults() throws {
    let runner = GraphRunner(
      try graph("g (float[2] X, float[2] B) => (Y) <float[2] B = {10.0,20.0}> { Y = Add (X, B) }"),
      planner: Planner(backend: try Backend("vector"), threads: 1))
    let x = Value.tensor(Tensor([1, 2] as [Float], dims: [2]))
    #expect(try runner.run(["X": x])["Y"]?.tensor?.elements(of: Float.self) == [11, 22])
    #expect(try runner.run(["X": x, "B": x])["Y"]?.tensor?.elements(of: Float.self) == [2, 4])
    #expect(try runner.run(["X": x])["Y"]?.tensor?.elements(of: Float.self) == [11, 22])
  }

  @Test("An input, a constant and one value twice as outputs") func trivialOutputs() throws {
    let result = try run(
      "g (float[2] X) => (X, K, Y, Z) <float[1] K = {7.0}> { Y = Identity (X) Z = Identity (K) }", ["X": .full([2], 5)])
    #expect(result["X"]?.tensor?.elements(of: Float.self) == [5, 5])
    #expect(result["Y"]?.tensor?.elements(of: Float.self) == [5, 5])
    #expect(result["K"]?.tensor?.elements(of: Float.self) == [7])
    #expect(result["Z"]?.tensor?.elements(of: Float.self) == [7])
  }

  @Test("Times are taken for every step") func profile() throws {
    let runner = GraphRunner(
      try graph("g (float[9] X) => (Y) { A = Relu (X) Y = Neg (A) }"),
      planner: Planner(backend: try .reference, threads: 1))
    var options = RunOptions()
    let times = StepTimes()
    options.profile = times
    _ = try runner.run(["X": .tensor(.random([9]))], options)
    _ = try runner.run(["X": .tensor(.random([9]))], options)
    #expect(times.nanoseconds.count == 2)
  }
}
