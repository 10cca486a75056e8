import OneiroGraph

/// Gives every value and every step's workspace its place in the arena, and writes the plan down.
struct PlanBuilder {
  struct Draft {
    let node: Node
    let kernel: any PreparedKernel
    let declined: [ExecutionPlan.Declined]
  }

  let graph: Graph
  var steps: [Draft]
  let types: [String: TensorType]
  let constants: [String: Tensor]
  let views: [String: String]
  let inputs: [(name: String, type: TensorType)]
  /// What a run hands out.
  let outputs: [(name: String, type: TensorType)]
  /// How often inputs change, where runs may begin in the middle.
  let cadence: StepPhases.Cadence?
  let firstStepCount: Int
  let threads: Int
  let foldedNodeCount: Int
  /// Values that stay to the end beside outputs.
  private var lasting: Set<String> = []
  private var firstSteps: [Int] = []

  init(
    graph: Graph, steps: [Draft], types: [String: TensorType], constants: [String: Tensor], views: [String: String],
    inputs: [(name: String, type: TensorType)], outputs: [(name: String, type: TensorType)],
    cadence: StepPhases.Cadence?, firstStepCount: Int, threads: Int, foldedNodeCount: Int
  ) {
    (self.graph, self.steps, self.types, self.constants, self.views) = (graph, steps, types, constants, views)
    (self.inputs, self.outputs, self.cadence, self.firstStepCount) = (inputs, outputs, cadence, firstStepCount)
    (self.threads, self.foldedNodeCount) = (threads, foldedNodeCount)
  }

  /// The plan in the graph's order, or in one that needs less memory.
  func build() throws(RunError) -> ExecutionPlan {
    let reads = { (step: Draft) in step.node.inputs.filter(isPlaced).map(root) }
    let writes = { (step: Draft) in step.node.outputs.filter(isPlaced).map(root) }
    if let cadence {
      let phases = StepPhases(
        cadence, inputs: inputs.map(\.name), steps: steps.map { ($0.node.opType, reads($0), writes($0)) })
      var parted = self
      parted.steps = phases.order.map { steps[$0] }
      parted.lasting = phases.carried.union(inputs.map(\.name))
      parted.firstSteps = phases.firstSteps
      return try parted.inOrder()
    }
    let plan = try inOrder()
    // Finding an order takes time with the square of the steps.
    guard steps.count <= Self.mostStepsToReorder else { return plan }
    let order = StepOrder(
      steps: steps.map { (reads($0), writes($0)) },
      kept: Set(outputs.map { root($0.name) }), byteCount: byteCount
    ).positions()
    guard order != Array(steps.indices) else { return plan }
    var reordered = self
    reordered.steps = order.map { steps[$0] }
    let other = try reordered.inOrder()
    return other.arenaByteCount < plan.arenaByteCount ? other : plan
  }

  private static let mostStepsToReorder = 5000

  private func isPlaced(_ name: String) -> Bool { !name.isEmpty && constants[name] == nil }

  private func inOrder() throws(RunError) -> ExecutionPlan {
    let lives = lives()
    let names = lives.keys.sorted()
    guard let apart = layout(lives, names, over: [:]) else {
      throw .graph(.invalid("graph \"\(graph.name)\"", "its values take more memory than there are addresses"))
    }
    // Blocks that live longer are harder to place: now and then they take more in all.
    var over = overwritten(lives)
    var layout = apart
    if !over.isEmpty, let shared = self.layout(lives, names, over: over), shared.byteCount <= apart.byteCount {
      layout = shared
    } else {
      over = [:]
    }
    let offsets = layout.offsets

    var used: [Tensor] = []
    var constantIndices: [String: Int] = [:]
    func operand(_ name: String) -> ExecutionPlan.Operand? {
      guard !name.isEmpty, let type = types[name] else { return nil }
      if let tensor = constants[name] {
        let index = constantIndices[name] ?? used.count
        if index == used.count { used.append(tensor) }
        constantIndices[name] = index
        return .init(name: name, type: type, location: .constant(index))
      }
      return .init(name: name, type: type, location: .arena(offsets[root(name)] ?? 0))
    }
    let placed = steps.indices.map { index in
      let node = steps[index].node
      let below = node.outputs.first.flatMap { over[$0] }
      return ExecutionPlan.Step(
        node: node, kernel: steps[index].kernel, inputs: node.inputs.map(operand), outputs: node.outputs.map(operand),
        workspaceOffset: layout.workspaceOffsets[index], declined: steps[index].declined,
        overwritten: below.flatMap { below in node.inputs.first { root($0) == below } }.flatMap(operand))
    }
    let port = { (name: String, type: TensorType) in
      ExecutionPlan.Port(name: name, type: type, location: .arena(offsets[self.root(name)] ?? 0))
    }
    return ExecutionPlan(
      graph: graph, steps: placed,
      values: names.map {
        .init(
          name: $0, type: types[$0]!, offset: offsets[$0]!, byteCount: byteCount($0), live: lives[$0]!,
          over: over[$0])
      },
      constants: used, inputs: inputs.map(port), outputs: outputs.map(port), arenaByteCount: layout.byteCount,
      firstSteps: firstSteps.isEmpty ? [Int](repeating: 0, count: firstStepCount) : firstSteps,
      threads: threads, foldedNodeCount: foldedNodeCount, viewNodeCount: views.count)
  }

  private struct Layout {
    /// Of values.
    let offsets: [String: Int]
    let workspaceOffsets: [Int]
    let byteCount: Int
  }

  /// - over: for a value the one whose place it takes; they and what takes their places are one block.
  /// - Returns: `nil` when they take more than there can be.
  private func layout(_ lives: [String: ClosedRange<Int>], _ names: [String], over: [String: String]) -> Layout? {
    func owner(_ name: String) -> String {
      var name = name
      while let below = over[name] { name = below }
      return name
    }
    var merged: [String: ClosedRange<Int>] = [:]
    for name in names {
      let owner = owner(name), life = lives[name]!
      let old = merged[owner] ?? life
      merged[owner] = min(old.lowerBound, life.lowerBound)...max(old.upperBound, life.upperBound)
    }
    let owners = names.filter { over[$0] == nil }
    let workspaces = steps.indices.map {
      ArenaLayout.Block(byteCount: steps[$0].kernel.workspaceByteCount, live: $0...$0)
    }
    guard let layout = ArenaLayout(owners.map { .init(byteCount: byteCount($0), live: merged[$0]!) } + workspaces)
    else {
      return nil
    }
    let places = Dictionary(uniqueKeysWithValues: zip(owners, layout.offsets))
    return Layout(
      offsets: Dictionary(uniqueKeysWithValues: names.map { ($0, places[owner($0)]!) }),
      workspaceOffsets: Array(layout.offsets.suffix(steps.count)), byteCount: layout.byteCount)
  }

  /// For each value that its step may write over one of the step's inputs: that input's memory, which must not be read
  /// in any later step, nor in this one under another shape.
  private func overwritten(_ lives: [String: ClosedRange<Int>]) -> [String: String] {
    var over: [String: String] = [:]
    for (index, step) in steps.enumerated() {
      guard let output = step.node.outputs.first, constants[output] == nil, let type = types[output],
        byteCount(output) > 0
      else { continue }
      let inputs = step.node.inputs.enumerated().filter { isPlaced($0.element) }
      let spared = Set(inputs.filter { !step.kernel.mayOverwriteInput($0.offset) }.map { root($0.element) })
      let candidates = inputs.map { root($0.element) }.filter { !spared.contains($0) }
      over[output] = candidates.first { candidate in
        lives[candidate]?.upperBound == index && byteCount(candidate) == byteCount(output)
          && step.node.inputs.allSatisfy { root($0) != candidate || types[$0] == type }
      }
    }
    return over
  }

  private func root(_ name: String) -> String { views[name] ?? name }

  private func byteCount(_ name: String) -> Int {
    guard let type = types[name], let dims = type.dims else { return 0 }
    return Tensor.elementCount(dims).flatMap(type.elementType.byteCount) ?? 0
  }

  /// From the step that writes a value, or -1 for what the caller writes, to the last that reads it or a view of it.
  private func lives() -> [String: ClosedRange<Int>] {
    var lives: [String: ClosedRange<Int>] = [:]
    func touch(_ name: String, at step: Int) {
      guard !name.isEmpty, constants[name] == nil else { return }
      let root = root(name)
      let old = lives[root] ?? step...step
      lives[root] = min(old.lowerBound, step)...max(old.upperBound, step)
    }
    for input in inputs { touch(input.name, at: -1) }
    for (index, step) in steps.enumerated() {
      for name in step.node.inputs + step.node.outputs { touch(name, at: index) }
    }
    for output in outputs { touch(output.name, at: steps.count) }
    for value in lasting { touch(value, at: steps.count) }
    return lives
  }
}
