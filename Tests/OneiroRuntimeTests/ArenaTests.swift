import OneiroConformance
import OneiroGraph
import OneiroModel
import OneiroRuntime
import Testing

@Suite("The arena") struct ArenaTests {
  /// Every two blocks that are alive together, and that overlap all the same. A value that is written over another in
  /// the step that reads that one for the last time has exactly its place.
  static func clashes(_ plan: ExecutionPlan) -> [String] {
    let values = Dictionary(uniqueKeysWithValues: plan.values.map { ($0.name, $0) })
    func takesPlace(_ name: String, of other: String) -> Bool {
      guard let upper = values[name], upper.over == other, let lower = values[other] else { return false }
      return upper.offset == lower.offset && upper.byteCount == lower.byteCount
        && lower.live.upperBound == upper.live.lowerBound
        && plan.steps[upper.live.lowerBound].kernel.mayOverwriteInput
    }
    var blocks = plan.values.map { (name: $0.name, start: $0.offset, end: $0.offset + $0.byteCount, live: $0.live) }
    for (index, step) in plan.steps.enumerated() {
      let size = step.kernel.workspaceByteCount
      blocks.append(
        ("workspace of \(step.node.label)", step.workspaceOffset, step.workspaceOffset + size, index...index))
    }
    blocks.removeAll { $0.start == $0.end }
    blocks.sort { $0.start < $1.start }
    var clashes = blocks.filter { $0.end > plan.arenaByteCount || $0.start % ByteStorage.alignment != 0 }.map {
      "\($0.name) lies outside"
    }
    for (index, block) in blocks.enumerated() {
      for other in blocks[(index + 1)...].prefix(while: { $0.start < block.end }) where other.live.overlaps(block.live)
      {
        if takesPlace(block.name, of: other.name) || takesPlace(other.name, of: block.name) { continue }
        clashes.append("\(block.name) and \(other.name)")
      }
    }
    return clashes
  }

  /// A value's life as the steps tell it, which is what the layout has to honour.
  static func livesAreTrue(_ plan: ExecutionPlan) -> Bool {
    let lives = Dictionary(uniqueKeysWithValues: plan.values.map { ($0.name, $0.live) })
    let byPlace = Dictionary(grouping: plan.values, by: \.offset)
    for (index, step) in plan.steps.enumerated() {
      for case let operand? in step.inputs + step.outputs {
        guard case .arena(let offset) = operand.location, Tensor.elementCount(operand.type.dims!)! > 0 else { continue }
        // A view goes by the name of none of the planned values: some value at its place has to be alive.
        let isAlive =
          lives[operand.name].map { $0.contains(index) }
          ?? byPlace[offset, default: []].contains { $0.live.contains(index) }
        guard isAlive else { return false }
      }
    }
    return true
  }

  /// A graph of `count` nodes, each of which reads one or two of the values before it; some go on with flattened views.
  static func randomGraph(seed: UInt64, count: Int) -> (graph: Graph, inputs: [String: TensorType]) {
    var numbers = Numbers(seed: seed)
    let dims = [numbers.int(1...5), numbers.int(1...40)]
    var values = ["x0", "x1"]
    var flat: [String] = []
    var nodes: [Node] = []
    for index in 0..<count {
      let a = values[numbers.int(max(0, values.count - 6)...values.count - 1)]
      let b = values[numbers.int(0...values.count - 1)]
      let name = "v\(index)"
      switch numbers.int(0...(flat.isEmpty ? 5 : 7)) {
      case 0: nodes.append(Node("Relu", inputs: [a], outputs: [name]))
      case 1: nodes.append(Node("Identity", inputs: [a], outputs: [name]))
      case 2: nodes.append(Node("Softmax", inputs: [a], outputs: [name]))
      case 3: nodes.append(Node("Add", inputs: [a, b], outputs: [name]))
      case 4: nodes.append(Node("Sub", inputs: [a, b], outputs: [name]))
      case 5:
        nodes.append(Node("Flatten", inputs: [a], outputs: [name], attributes: ["axis": .int(0)]))
        flat.append(name)
        continue
      default:
        let left = flat[numbers.int(0...flat.count - 1)], right = flat[flat.count - 1]
        nodes.append(Node("Mul", inputs: [left, right], outputs: [name]))
        flat.append(name)
        continue
      }
      values.append(name)
    }
    let outputs = [
      values[values.count - 1], values[numbers.int(2...values.count - 1)], values[numbers.int(2...values.count - 1)],
    ]
    let type = TensorType(.float32, dims: dims)
    let graph = Graph(
      "random", inputs: ["x0", "x1"].map { ValueInfo($0, .tensor(type)) },
      outputs: Set(outputs).sorted().map { ValueInfo($0, .tensor(type)) } + flat.suffix(1).map { ValueInfo($0, nil) },
      nodes: nodes)
    return (graph, ["x0": type, "x1": type])
  }

  @Test("On random graphs nothing overlaps, and the results are those of a run without an arena", arguments: 1...60)
  func random(seed: UInt64) throws {
    let (graph, types) = Self.randomGraph(seed: seed, count: 30)
    let text = GraphText.print(graph)
    let inputs = types.mapValues { Tensor.random($0.dims!, seed: Int(seed)) }
    for backend in ["reference", "vector", "onednn"] {
      let plan = try Planner(backend: try Backend(backend), threads: 1).plan(graph, inputs: types)
      #expect(Self.clashes(plan) == [], "seed \(seed)\n\(text)")
      #expect(Self.livesAreTrue(plan), "seed \(seed)\n\(text)")
      var session = try Session(plan)
      let found = try session.run(inputs)
      // Node by node: each one alone in a graph of its own, so that no memory is shared.
      var values = inputs
      for node in graph.nodes {
        let alone = Graph(
          "one", inputs: Set(node.inputs).sorted().map { ValueInfo($0, nil) },
          outputs: [ValueInfo(node.outputs[0], nil)], nodes: [node])
        let given = values.filter { node.inputs.contains($0.key) }
        let types = given.mapValues { TensorType($0.elementType, dims: $0.dims) }
        var session = try Session(try Planner(backend: try Backend(backend), threads: 1).plan(alone, inputs: types))
        values.merge(try session.run(given)) { $1 }
      }
      let expected = values.filter { name, _ in graph.outputs.contains { $0.name == name } }
      #expect(Agreement(tolerance: 0).difference(expected: expected, found: found) == nil, "seed \(seed)\n\(text)")
    }
  }

  @Test(
    "In the plan of a U-Net nothing overlaps", arguments: ["unet.onnx", "dynamo/unet.onnx", "vae_decoder.onnx"],
    ["vector", "onednn"])
  func network(file: String, backend: String) throws {
    let graph = try LoadedModel(path: TinyModel.folder + "/" + file).graph
    let part = try #require(TinyModel.parts.first { $0.file == file })
    let types = try part.inputs.mapValues { source in
      let tensor = try TinyModel.load(source, trials: 1)
      return TensorType(tensor.elementType, dims: tensor.dims)
    }
    // Winograd's convolution works on chunks of a size of its own, larger than all values of so small a model.
    let kernels = try Backend(backend, precision: .strict)
    let plan = try Planner(backend: kernels, threads: 1).plan(graph, inputs: types)
    #expect(Self.clashes(plan) == [])
    #expect(Self.livesAreTrue(plan))
    let sum = plan.values.reduce(0) { $0 + $1.byteCount }
    #expect(plan.arenaByteCount * 3 < sum, "values that do not live together share memory")
  }

  private static let chain = """
    <ir_version: 10, opset_import: ["" : 23]>
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

  /// 4096 bytes a value. X and A live together, then A and B, then B (under the name V) and W, then B, W and Y: three.
  @Test("Peak bytes and places of an example worked out by hand") func golden() throws {
    let graph = try GraphText.parse(Self.chain).graph
    let plan = try Planner(backend: .reference, threads: 1).plan(
      graph, inputs: ["X": TensorType(.float32, dims: [1024])])
    #expect(plan.arenaByteCount == 3 * 4096)
    #expect(
      text(of: plan) == """
        chain: 12288 bytes, 0 folded, 1 views
          4096 ..< 8192: X float[1024], steps -1...0
          0 ..< 4096: A float[1024], steps 0...1
          4096 ..< 8192: B float[1024], steps 1...3
          0 ..< 4096: W float[32,32], steps 2...3
          8192 ..< 12288: Y float[32,32], steps 3...4
          0: A@0 = Relu (X@4096) on reference
          1: B@4096 = Mul (A@0, C#0) on reference
          2: W@0 = Transpose (V@4096) on reference
          3: Y@8192 = Add (W@0, V@4096) on reference
        """)
  }

  @Test("Views lie where their source does, one behind the other, and keep it alive") func views() throws {
    let text = """
      <ir_version: 10, opset_import: ["" : 23]>
      g (float[2,6] X) => (Y, Z)
        <int64[1] front = {0}>
      {
        A = Relu (X)
        F = Flatten <axis: int = 0> (A)
        U = Unsqueeze (F, front)
        I = Identity (U)
        S = Squeeze (I, front)
        T = Neg (X)
        Y = Add (S, S)
        Z = Identity (X)
      }
      """
    let graph = try GraphText.parse(text).graph
    let plan = try Planner(backend: try Backend("vector"), threads: 1).plan(
      graph, inputs: ["X": TensorType(.float32, dims: [2, 6])])
    #expect(plan.viewNodeCount == 5)
    let relu = try #require(plan.steps.first { $0.node.opType == "Relu" }), add = try #require(plan.steps.last)
    #expect(relu.outputs[0]?.location == add.inputs[0]?.location)
    #expect(add.inputs[0]?.type == TensorType(.float32, dims: [1, 12]))
    #expect(plan.outputs.first { $0.name == "Z" }?.location == plan.inputs[0].location)
    #expect(Self.clashes(plan) == [])
    var session = try Session(plan)
    let x = Tensor.random([2, 6])
    let result = try session.run(["X": x])
    #expect(result["Z"]?.elements(of: Float.self) == x.elements(of: Float.self))
    #expect(result["Y"]?.elements(of: Float.self) == x.elements(of: Float.self).map { 2 * max($0, 0) })
  }

  @Test("A session runs in memory that it is given") func givenMemory() throws {
    let graph = try GraphText.parse(Self.chain).graph
    let plan = try Planner(backend: try Backend("vector"), threads: 1).plan(
      graph, inputs: ["X": TensorType(.float32, dims: [1024])])
    let memory = UnsafeMutableRawPointer.allocate(byteCount: plan.arenaByteCount + 64, alignment: ByteStorage.alignment)
    defer { memory.deallocate() }
    // 64 bytes behind the arena stand guard.
    memory.initializeMemory(as: UInt8.self, repeating: 0xA5, count: plan.arenaByteCount + 64)
    let x = Tensor.random([1024])
    var given = try Session(plan, arena: memory), own = try Session(plan)
    let a = try given.run(["X": x]), b = try own.run(["X": x])
    #expect(a["Y"]?.elements(of: Float.self) == b["Y"]?.elements(of: Float.self))
    let isUntouched = (0..<64).allSatisfy {
      memory.load(fromByteOffset: plan.arenaByteCount + $0, as: UInt8.self) == 0xA5
    }
    #expect(isUntouched)
  }
}
