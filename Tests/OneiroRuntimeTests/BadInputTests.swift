import OneiroConformance
import OneiroGraph
import OneiroRuntime
import Testing

@Suite("What does not fit is refused and named") struct BadInputTests {
  private static let product = """
    <ir_version: 10, opset_import: ["" : 23]>
    g (float[N,3] X, int64[N] K) => (float[N,3] Y) {
      F = Cast <to: int = 1> (K)
      U = Relu (X)
      A = Unsqueeze (F, axis)
      Y = Mul (U, A)
    }
    """

  private func runner() throws -> GraphRunner {
    var graph = try GraphText.parse(Self.product).graph
    graph.addInitializer("axis", .ints([1]))
    return GraphRunner(graph, planner: Planner(backend: try .reference, threads: 1))
  }

  private func message(_ inputs: [String: Value]) throws -> String {
    let runner = try runner()
    do { _ = try runner.run(inputs) } catch { return "\(error)" }
    return "nothing was thrown"
  }

  private let x = Value.tensor(.random([2, 3]))
  private let k = Value.tensor(.ints([1, 2]))

  @Test("An input is missing") func missing() throws {
    #expect(try message(["X": x]) == "input \"K\": is missing, int64[N]")
  }

  @Test("An input has another element type") func elementType() throws {
    #expect(try message(["X": .tensor(.ints([1, 2])), "K": k]) == "input \"X\": expected float[N,3], found int64[2]")
  }

  @Test("An input has another shape") func shape() throws {
    #expect(
      try message(["X": .tensor(.random([2, 4])), "K": k]) == "input \"X\": expected float[N,3], found float[2,4]")
    #expect(try message(["X": .tensor(.random([3])), "K": k]) == "input \"X\": expected float[N,3], found float[3]")
  }

  @Test("Inputs that give one symbol two extents") func together() throws {
    let text = try message(["X": x, "K": .tensor(.ints([1, 2, 3]))])
    #expect(text == "input \"K\": expected N = 2 because input \"X\" has that, found 3")
  }

  @Test("An input that the graph has not") func unknown() throws {
    #expect(
      try message(["X": x, "K": k, "Z": x]) == "input \"Z\": expected one of X, K, found a name that the graph has not")
  }

  @Test("A sequence where a tensor belongs") func kind() throws {
    let text = try message(["X": .sequence([x], of: x.type), "K": k])
    #expect(text == "input \"X\": expected float[N,3], found seq(float[2,3])")
  }

  @Test("More values than the machine has memory for are refused before a run") func tooMuch() throws {
    var graph = try GraphText.parse(
      "<ir_version: 10, opset_import: [\"\" : 23]> g (float[1] X) => (float[] Y) { [grow] Y = Expand (X, shape) }"
    ).graph
    graph.addInitializer("shape", .ints([1 << 45]))
    let runner = GraphRunner(graph, planner: Planner(backend: try .reference, threads: 1))
    let error = #expect(throws: RunError.self) { _ = try runner.run(["X": .tensor(.random([1]))]) }
    let text = error?.description ?? ""
    #expect(text.hasPrefix("node \"grow\" (Expand): values: ") && text.contains("on a machine of"), "\(text)")
  }

  @Test("A session is given other shapes than its plan was made for") func session() throws {
    let graph = try GraphText.parse(
      "<ir_version: 10, opset_import: [\"\" : 23]> g (float[N] X) => (float[N] Y) { Y = Relu (X) }"
    ).graph
    let plan = try Planner(backend: .reference, threads: 1).plan(graph, inputs: ["X": TensorType(.float32, dims: [4])])
    var session = try Session(plan)
    func message(_ inputs: [String: Tensor]) -> String {
      do throws(RunError) { _ = try session.run(inputs) } catch { return error.description }
      return "nothing was thrown"
    }
    #expect(message(["X": .random([5])]) == "input \"X\": expected float[4], found float[5]")
    #expect(message(["X": .ints([1, 2, 3, 4])]) == "input \"X\": expected float[4], found int64[4]")
    #expect(message([:]) == "input \"X\": is missing, float[4]")
    #expect(message(["X": .random([4])]) == "nothing was thrown")
  }

  @Test("The first node whose value is not finite is named") func notFinite() throws {
    let text = """
      <ir_version: 10, opset_import: ["" : 23]>
      g (float[3] X) => (float[3] Y) {
        A = Abs (X)
        [root] B = Sqrt (X)
        Y = Add (A, B)
      }
      """
    for backend in ["reference", "vector", "onednn"] {
      let runner = GraphRunner(
        try GraphText.parse(text).graph, planner: Planner(backend: try Backend(backend), threads: 1))
      var options = RunOptions()
      options.checksFinite = true
      let bad = Value.tensor(Tensor([4, -1, 9] as [Float], dims: [3]))
      do {
        _ = try runner.run(["X": bad], options)
        Issue.record("nothing was thrown on \(backend)")
      } catch {
        #expect(
          "\(error)".hasPrefix("node \"root\" (Sqrt): value \"B\" element 1: expected a finite number, found"),
          "\(error)")
      }
      // Without the check a NaN is a value like any other.
      let result = try runner.run(["X": bad])["Y"]?.tensor
      #expect(result?.elements(of: Float.self)[1].isNaN == true)
    }
  }

  @Test(
    "Shapes too large for any memory",
    arguments: [
      [1 << 40], [1 << 62], [1 << 40, 1 << 40], [Int64.max], [1 << 31, 1 << 31, 2],
    ] as [[Int64]]) func hugeShapes(dims: [Int64]) throws
  {
    for op in ["ConstantOfShape (S)", "Expand (X, S)"] {
      let text =
        "<ir_version: 10, opset_import: [\"\" : 23]> g (float X, int64[\(dims.count)] S) => (Y) { Z = \(op) Y = Relu (Z) }"
      var graph = try GraphText.parse(text).graph
      for isConstant in [false, true] {
        var inputs: [String: Value] = ["X": .tensor(Tensor(scalar: Float(1))), "S": .tensor(.ints(dims))]
        if isConstant {
          graph.inputs.removeAll { $0.name == "S" }
          graph.addInitializer("S", .ints(dims))
          inputs["S"] = nil
        }
        let runner = GraphRunner(graph, planner: Planner(backend: try Backend("vector"), threads: 1))
        #expect(throws: RunError.self, "\(op) \(dims)") { _ = try runner.run(inputs) }
      }
    }
  }

  @Test("Inputs that are said to be too large for any memory") func hugeInputs() throws {
    let graph = try GraphText.parse(
      "<ir_version: 10, opset_import: [\"\" : 23]> g (float[N,M] X) => (Y) { Y = Relu (X) }"
    ).graph
    let planner = Planner(backend: try .reference, threads: 1)
    for dims in [[1 << 40, 1 << 40], [1 << 61, 1], [Int.max, 1]] {
      #expect(throws: RunError.self, "\(dims)") {
        _ = try Session(try planner.plan(graph, inputs: ["X": TensorType(.float32, dims: dims)]))
      }
    }
  }

  @Test("A strict backend says why it does not take a node") func strict() throws {
    let graph = try GraphText.parse(
      "<ir_version: 10, opset_import: [\"\" : 23]> g (float[4] X) => (Y) { [top] Y = Tan (X) }"
    ).graph
    let planner = Planner(backend: try Backend("vector", isStrict: true), threads: 1)
    do throws(RunError) {
      _ = try planner.plan(graph, inputs: ["X": TensorType(.float32, dims: [4])])
      Issue.record("nothing was thrown")
    } catch {
      #expect(
        error.description
          == "node \"top\" (Tan) on vector: no kernel, and nothing may fall back: vector: has no kernel for Tan")
    }
  }
}
