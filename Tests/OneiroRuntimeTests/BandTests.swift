import OneiroConformance
import OneiroGraph
import OneiroRuntime
import Testing

@Suite("Pictures that do not fit are computed in bands of rows") struct BandTests {
  private static let backends = ["onednn", "openblas", "vector", "reference"]

  /// The outputs by a plan that was made for this limit, held to it or not.
  private func run(_ graph: Graph, _ backend: String, maxMemory: Int?, _ input: Tensor) throws -> (
    plan: ExecutionPlan, outputs: [String: Tensor]
  ) {
    let name = graph.inputs[0].name
    let planner = Planner(backend: try Backend(backend), threads: 2, maxMemory: maxMemory)
    let plan = try planner.plan(graph, inputs: [name: TensorType(.float32, dims: input.dims)])
    let arena = UnsafeMutableRawPointer.allocate(byteCount: max(plan.arenaByteCount, 64), alignment: 64)
    defer { arena.deallocate() }
    // NaN in what is read before it is written would be seen at the end.
    arena.initializeMemory(as: UInt8.self, repeating: 0xff, count: plan.arenaByteCount)
    var session = try Session(plan, arena: arena)
    // A second run finds the memory as the first has left it.
    _ = try session.run([name: input])
    return (plan, try session.run([name: input]))
  }

  private func isInBands(_ plan: ExecutionPlan) -> Bool { plan.steps.contains { $0.kernel.source == "bands" } }

  @Test("A decoder gives the picture that it gives as a whole, in less memory", arguments: backends)
  func decoder(backend: String) throws {
    for (height, width, images, scales) in [(16, 12, 1, true), (13, 9, 2, false)] {
      let graph = ImageDecoder(widths: [24, 16, 8], height: height, width: width, images: images, scales: scales).graph
      let latent = Tensor.random([images, 4, height, width], seed: 77)
      let whole = try run(graph, backend, maxMemory: nil, latent)
      let banded = try run(graph, backend, maxMemory: 1 << 18, latent)
      let areCut = [whole, banded].map { isInBands($0.plan) }
      #expect(areCut == [false, true])
      #expect(banded.plan.arenaByteCount < whole.plan.arenaByteCount)
      let upsamples = banded.plan.steps.contains { $0.node.opType == "Resize" }
      #expect(!upsamples, "what an upsampling makes is there in bands alone")
      // From -1 to 1: far below the step of a pixel, 2/255.
      let difference = Agreement(tolerance: 1e-4).difference(expected: whole.outputs, found: banded.outputs)
      #expect(difference == nil)
    }
  }

  /// Where a value is rounded to a byte, the last bit of a float decides to which, and the next layer makes more of it.
  @Test(
    "What a decoder gives in bands is what it gives as a whole, bit for bit",
    arguments: ["vector", "openblas", "onednn"])
  func exactly(backend: String) throws {
    // In which order a library adds floats may hang on how many rows there are.
    let forms: [(name: String, isQuantized: (Int) -> Bool)] =
      backend == "vector"
      ? [("float32", { _ in false }), ("some quantized", { $0 == 32 }), ("all quantized", { _ in true })]
      : [("all quantized", { _ in true })]
    // Rows of no multiple of a tile's four, and of no multiple of a vector. Narrower bands would be too small for
    // Winograd's convolution, which the whole is large enough for.
    for (height, width, images) in [(72, 40, 1), (69, 41, 2)] {
      for (name, isQuantized) in forms {
        let decoder = ImageDecoder(
          widths: [64, 32], height: height, width: width, images: images, quantized: isQuantized)
        let latent = Tensor.random([images, 4, height, width], seed: 78)
        let whole = try run(decoder.graph, backend, maxMemory: nil, latent)
        let banded = try run(decoder.graph, backend, maxMemory: 1 << 18, latent)
        let areCut = [whole, banded].map { isInBands($0.plan) }
        #expect(areCut == [false, true])
        if name != "all quantized" {
          // Those that compute several rows together are the hardest to cut.
          let isApproximate = whole.plan.steps.contains {
            $0.kernel.isa.contains("Winograd") || $0.kernel.isa.contains("split")
          }
          #expect(isApproximate, "a band is to take the kernel that the whole takes")
        }
        let difference = Agreement(tolerance: 0).difference(expected: whole.outputs, found: banded.outputs)
        #expect(difference == nil, "\(name), \(height) x \(width)")
      }
    }
  }

  @Test("On random networks bands change no number") func random() throws {
    var cut = 0
    for seed in 1...120 as ClosedRange<UInt64> {
      let network = RandomImageNetwork(seed: seed, pieces: 24), x = Tensor.random(network.inputDims, seed: 5)
      let backend = Self.backends[Int(seed) % Self.backends.count]
      let whole = try run(network.graph, backend, maxMemory: nil, x)
      // Nothing fits into a byte, so all is cut that can be.
      let banded = try run(network.graph, backend, maxMemory: Int(1) << (seed % 3 == 0 ? 0 : 15), x)
      if isInBands(banded.plan) { cut += 1 }
      let difference = Agreement(tolerance: 2e-4).difference(expected: whole.outputs, found: banded.outputs)
      if let difference { Issue.record("seed \(seed) on \(backend): \(difference)\n\(GraphText.print(network.graph))") }
    }
    #expect(cut > 40)
  }

  @Test("Rows far away are not local: what mixes the whole picture keeps its plan") func standsBack() throws {
    var graph = Graph(
      "g", inputs: [ValueInfo("latent", .tensor(.float32, dims: [1, 4, 64, 64]))],
      outputs: [ValueInfo("picture", nil)],
      nodes: [
        Node("Conv", inputs: ["latent", "w"], outputs: ["half"], attributes: ["strides": .ints([3, 2])]),
        Node("Softmax", inputs: ["half"], outputs: ["picture"], attributes: ["axis": .int(2)]),
      ])
    graph.addInitializer("w", .random([8, 4, 2, 2]))
    let latent = Tensor.random([1, 4, 64, 64])
    let whole = try run(graph, "vector", maxMemory: nil, latent)
    let held = try run(graph, "vector", maxMemory: 1 << 18, latent)
    let isCut = isInBands(held.plan)
    #expect(!isCut && held.outputs["picture"]?.doubles() == whole.outputs["picture"]?.doubles())
  }

  @Test("A value may be read by rows here and as a whole there; names that bands would give may be taken")
  func names() throws {
    var graph = Graph(
      "g", inputs: [ValueInfo("x", .tensor(.float32, dims: [4, 4, 9, 3]))], outputs: [ValueInfo("y", nil)])
    func add(_ op: String, _ inputs: [String], _ output: String, _ attributes: [String: Attribute] = [:]) {
      graph.nodes.append(Node(op, inputs: inputs, outputs: [output], attributes: attributes))
    }
    let pads: [String: Attribute] = ["pads": .ints([4, 1, 4, 1])]
    add("Sin", ["x"], "w")
    add("Cos", ["w"], "w/whole")
    graph.addInitializer("f", Tensor([1, 1, 16, 16] as [Float], dims: [4]))
    add("Resize", ["w/whole", "", "f"], "large")
    add("Conv", ["large", "w"], "n/mean", pads)
    graph.addInitializer("s", .random([4]))
    add("GroupNormalization", ["n/mean", "s", "s"], "n", ["num_groups": .int(2)])
    add("Resize", ["w", "", "f"], "other")
    add("Add", ["n", "other"], "n/variance")
    add("Conv", ["n/variance", "w"], "n/bias", pads)
    add("Relu", ["n/bias"], "y")
    let x = Tensor.random([4, 4, 9, 3])
    for backend in Self.backends {
      let whole = try run(graph, backend, maxMemory: nil, x), banded = try run(graph, backend, maxMemory: 1, x)
      let isCut = isInBands(banded.plan)
      let difference = Agreement(tolerance: 1e-4).difference(expected: whole.outputs, found: banded.outputs)
      #expect(isCut && difference == nil)
    }
  }

  @Test("A normalization that writes bytes is one of the bands", arguments: backends, ["", "SiLU"])
  func quantized(backend: String, activation: String) throws {
    var graph = Graph(
      "g", inputs: [ValueInfo("x", .tensor(.float32, dims: [2, 6, 21, 8]))], outputs: [ValueInfo("y", nil)])
    func add(_ op: String, _ inputs: [String], _ output: String, _ attributes: [String: Attribute] = [:]) {
      let domain = op == "QuantizeGroupNormalization" ? Model.oneiroDomain : ""
      graph.nodes.append(Node(op, domain: domain, inputs: inputs, outputs: [output], attributes: attributes))
    }
    graph.addInitializer("factors", Tensor([1, 1, 2, 2] as [Float], dims: [4]))
    for (name, seed) in [("scale", 2), ("shift", 3)] as [(String, Int)] {
      graph.addInitializer(name, .random([6], seed: seed))
    }
    graph.addInitializer("step", Tensor([Float(0.02)], dims: []))
    graph.addInitializer("zero", Tensor([UInt8(120)], dims: []))
    graph.addInitializer("w", .random([3, 6, 3, 3], seed: 4))
    add("Resize", ["x", "", "factors"], "large")
    add(
      "QuantizeGroupNormalization", ["large", "scale", "shift", "step", "zero"], "bytes",
      ["num_groups": .int(3), "activation": .string(Array(activation.utf8))])
    add("DequantizeLinear", ["bytes", "step", "zero"], "floats")
    add("Conv", ["floats", "w"], "y", ["pads": .ints([1, 1, 1, 1])])
    let x = Tensor.random([2, 6, 21, 8])
    let whole = try run(graph, backend, maxMemory: nil, x), banded = try run(graph, backend, maxMemory: 1, x)
    let hasNormalization = banded.plan.steps.contains { $0.node.opType.contains("Normalization") }
    #expect(isInBands(banded.plan) && !hasNormalization)
    // A byte may fall to the other side of a half.
    let difference = Agreement(tolerance: 0.01).difference(expected: whole.outputs, found: banded.outputs)
    #expect(difference == nil)
  }
}
