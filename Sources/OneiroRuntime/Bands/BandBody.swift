import OneiroGraph

/// A stretch of steps as a graph of its own, whose images are a band of rows high.
///
/// All bands have one height, so that there is one plan. Rows around a band that are read but not kept lie inside of
/// it; at the picture's edge the band is moved in, so that convolutions pad where the picture ends and nowhere else.
struct BandBody {
  let bands: BandedKernel.Bands
  private let stretch: BandedStretch
  private var graph = BandGraph()
  /// The kernels of the steps over the whole picture, by their results' names.
  private var kernels: [String: any PreparedKernel] = [:]
  /// What comes from statistics.
  private var statistics: [String] = []

  /// - bandByteCount: of the largest value, how much is there at a time.
  init(_ stretch: BandedStretch, of banding: Banding, bandByteCount: Int) {
    self.stretch = stretch
    let images = stretch.images
    func height(_ name: String) -> Int { banding.types[name]!.dims![2] }
    // A unit is a whole number of rows of every image.
    let units = images.keys.reduce(0) { Self.greatestCommonDivisor($0, height($1)) }
    let margin = images.reduce(0) { most, image in
      let rows = height(image.key) / units
      return max(most, (image.value + rows - 1) / rows)
    }
    let unitByteCount = images.keys.reduce(1) { max($0, banding.byteCount($1) / units) }
    // As many units as are whole tiles of every image that is made of tiles.
    let tile = stretch.steps.reduce(1) { tile, step in
      let rows = height(banding.steps[step].node.outputs[0]) / units, high = banding.tile(of: step)
      let own = high / Self.greatestCommonDivisor(high, rows)
      return tile * own / Self.greatestCommonDivisor(tile, own)
    }
    bands = BandedKernel.Bands(units: units, tile: tile, margin: margin, most: bandByteCount / unitByteCount)
    for name in images.keys {
      var dims = banding.types[name]!.dims!
      dims[2] = dims[2] / units * bands.window
      graph.types[name] = TensorType(banding.types[name]!.elementType, dims: dims)
    }
    for index in stretch.steps { add(index, of: banding) }
  }

  private mutating func add(_ index: Int, of banding: Banding) {
    var node = banding.steps[index].node
    let type = graph.types[node.outputs[0]]!
    kernels[node.outputs[0]] = banding.steps[index].kernel
    guard !banding.isNormalization(index) else {
      let normalization = BandedNormalization(node, in: banding)
      statistics += normalization.types.keys.sorted()
      return normalization.add(to: &graph, in: banding)
    }
    if node.opType == "Resize" {
      // By scales, where the node may name the size of the whole.
      let dims = zip(graph.types[node.inputs[0]]!.dims!, type.dims!)
      let scales = Tensor(dims.map { Float($1 / $0) }, dims: [type.dims!.count])
      node.inputs = [node.inputs[0], "", graph.constant(banding.newName(node.outputs[0] + "/scales"), scales)]
    }
    for (position, window) in zip(node.inputs.indices, banding.inputs(of: index)) {
      if case .rows = window { continue }
      let name = node.inputs[position]
      if let constant = banding.constants[name] {
        _ = graph.constant(name, constant)
      } else if stretch.whole.contains(name) {
        // The same value may be read by rows as well.
        node.inputs[position] = Self.whole(name, in: banding)
        graph.types[node.inputs[position]] = banding.types[name]
      }
    }
    graph.add(node, type)
  }

  private static func whole(_ name: String, in banding: Banding) -> String { banding.newName(name + "/whole") }

  private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : greatestCommonDivisor(b, a % b) }

  /// - name: what messages call the step.
  /// - isKept: whether the value at the end goes into memory, or is only looked at.
  /// - normalizations: those that read it.
  func step(
    _ planner: Planner, of banding: Banding, name: String, isKept: Bool, normalizations: [BandedNormalization]
  ) throws(RunError) -> PlanBuilder.Draft {
    let images = stretch.read.keys.sorted(), whole = stretch.whole.sorted()
    let ports = (images + whole.map { Self.whole($0, in: banding) } + statistics).map {
      (name: $0, type: graph.types[$0]!)
    }
    let end = (name: stretch.end, type: graph.types[stretch.end]!)
    let body = graph.graph(name, inputs: ports, output: end)
    var lowering = Lowering(planner: planner, types: graph.types, constants: body.initializers)
    for node in body.nodes { try lowering.visit(node, preferring: kernels[node.outputs[0]]) }
    var plan = try lowering.plan(body, inputs: ports, outputs: [end], cadence: [], foldedNodeCount: 0)
    plan.maxMemory = planner.maxMemory
    let node = Node(
      "Bands", domain: Model.oneiroDomain, name: name, inputs: images + whole + statistics,
      outputs: [isKept ? stretch.end : ""] + normalizations.flatMap { [$0.mean, $0.variance, $0.bias] })
    let kernel = BandedKernel(
      plan, bands: bands, margins: images.map { stretch.read[$0]! },
      statistics: normalizations.map(GroupStatistics.init))
    return PlanBuilder.Draft(node: node, kernel: kernel, declined: [])
  }
}
