import OneiroGraph

/// Gives every value and every step's workspace its place in the arena, and writes the plan down.
struct PlanBuilder {
  struct Draft {
    let node: Node
    let kernel: any PreparedKernel
    let declined: [ExecutionPlan.Declined]
  }

  let graph: Graph
  let steps: [Draft]
  let types: [String: TensorType]
  let constants: [String: Tensor]
  let views: [String: String]
  let inputs: [(name: String, type: TensorType)]
  /// What a run hands out.
  let outputs: [(name: String, type: TensorType)]
  let threads: Int
  let foldedNodeCount: Int

  func build() throws(RunError) -> ExecutionPlan {
    let lives = lives()
    let names = lives.keys.sorted()
    let workspaces = steps.indices.map {
      ArenaLayout.Block(byteCount: steps[$0].kernel.workspaceByteCount, live: $0...$0)
    }
    guard let layout = ArenaLayout(names.map { .init(byteCount: byteCount($0), live: lives[$0]!) } + workspaces) else {
      throw .graph(.invalid("graph \"\(graph.name)\"", "its values take more memory than there are addresses"))
    }
    let offsets = Dictionary(uniqueKeysWithValues: zip(names, layout.offsets))

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
      ExecutionPlan.Step(
        node: steps[index].node, kernel: steps[index].kernel, inputs: steps[index].node.inputs.map(operand),
        outputs: steps[index].node.outputs.map(operand), workspaceOffset: layout.offsets[names.count + index],
        declined: steps[index].declined)
    }
    let port = { (name: String, type: TensorType) in
      ExecutionPlan.Port(name: name, type: type, location: .arena(offsets[self.root(name)] ?? 0))
    }
    return ExecutionPlan(
      graph: graph, steps: placed,
      values: names.map {
        .init(name: $0, type: types[$0]!, offset: offsets[$0]!, byteCount: byteCount($0), live: lives[$0]!)
      },
      constants: used, inputs: inputs.map(port), outputs: outputs.map(port), arenaByteCount: layout.byteCount,
      threads: threads, foldedNodeCount: foldedNodeCount, viewNodeCount: views.count)
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
    return lives
  }
}
