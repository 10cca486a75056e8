import OneiroGraph

/// Finds among steps the stretches that can be run over bands of a picture's rows instead of over the whole of it.
///
/// A stretch ends where a value is wanted whole: it goes to an operator that is not local, to several steps, or to a
/// normalization, whose mean and variance hang on all of it. What lies inside is there for one band at a time. A large
/// value that is larger than what it is made of, as behind an upsampling, is not kept either: every stretch that reads
/// it makes it again, band by band.
struct Banding {
  /// The steps, reading values themselves where they read views of the same type.
  let steps: [PlanBuilder.Draft]
  let types: [String: TensorType]
  let constants: [String: Tensor]
  /// Steps with values of fewer bytes stay as they are.
  private let smallestByteCount: Int
  /// Values of no more bytes are kept rather than made again.
  private let mostKeptByteCount: Int

  /// Local steps by their place.
  private var reaches: [Int: RowReach] = [:]
  /// The local step that makes a value.
  private var makers: [String: Int] = [:]
  private var readers: [String: [Int]] = [:]
  /// Values that have to be in memory whole.
  private var whole: Set<String> = []
  /// Values at which stretches end, and those of them that are made again where they are read.
  private var ends: Set<String> = [], remade: Set<String> = []

  /// Rows at most that a stretch needs above and below a band: what they cost grows with every convolution.
  private static let mostRows = 12

  /// - views: for a value that shows another's memory, that one.
  /// - outputs: what is handed out.
  init(
    _ steps: [PlanBuilder.Draft], types: [String: TensorType], constants: [String: Tensor], views: [String: String],
    outputs: [String], smallestByteCount: Int, mostKeptByteCount: Int
  ) {
    let same = views.filter { types[$0.key] == types[$0.value] }
    self.steps = steps.map { step in
      var node = step.node
      node.inputs = node.inputs.map { same[$0] ?? $0 }
      return PlanBuilder.Draft(node: node, kernel: step.kernel, declined: step.declined)
    }
    (self.types, self.constants) = (types, constants)
    (self.smallestByteCount, self.mostKeptByteCount) = (max(smallestByteCount, 1), mostKeptByteCount)
    whole = Set(views.filter { same[$0.key] == nil }.values).union(outputs.map { views[$0] ?? $0 })
    for index in steps.indices { findReach(of: index) }
    for (index, step) in self.steps.enumerated() {
      for (position, name) in step.node.inputs.enumerated() where makers[name] != nil {
        if readers[name]?.last != index { readers[name, default: []].append(index) }
        if case .rows? = reaches[index]?.inputs[position] { continue }
        whole.insert(name)
      }
    }
    findEnds()
  }

  private mutating func findReach(of index: Int) {
    let step = steps[index]
    guard !(step.kernel is any PlannedBody),
      let reach = RowReach(
        step.node, isApproximate: step.kernel.isApproximate, types: types, constants: constants)
    else { return }
    let images = reach.windows.map { step.node.inputs[$0.index] } + step.node.outputs
    guard images.contains(where: { byteCount($0) >= smallestByteCount }),
      // The step that makes the value gathers the statistics.
      !reach.isNormalization || makers[images[0]] != nil
    else { return }
    reaches[index] = reach
    makers[step.node.outputs[0]] = index
  }

  private mutating func findEnds() {
    var spoilt: [String: Int] = [:]
    for (index, reach) in reaches.sorted(by: { $0.key < $1.key }) {
      let node = steps[index].node, name = node.outputs[0]
      let rows =
        reach.windows.map { position, window in
          let input = node.inputs[position]
          return window.spoilt(by: ends.contains(input) && !remade.contains(input) ? 0 : spoilt[input] ?? 0)
        }.max() ?? 0
      spoilt[name] = rows
      let next = readers[name] ?? []
      guard whole.contains(name) || next.count != 1 || reads(next[0], name) || rows > Self.mostRows else { continue }
      ends.insert(name)
      guard !whole.contains(name) else { continue }
      let stretch = stretch(to: name)
      let isFirst = stretch.steps.allSatisfy {
        !reaches[$0]!.isNormalization && !remade.contains(steps[$0].node.outputs[0])
      }
      let made = byteCount(name)
      if isFirst, made > mostKeptByteCount, stretch.read.keys.reduce(0, { $0 + byteCount($1) }) < made {
        remade.insert(name)
      }
    }
  }

  /// Whether the step wants the value to be in memory: to gather its statistics, or to make more rows of it, since
  /// before that there is least to keep.
  private func reads(_ step: Int, _ name: String) -> Bool {
    guard let reach = reaches[step] else { return true }
    return reach.isNormalization
      || reach.windows.contains { steps[step].node.inputs[$0.index] == name && $0.window.isUpsampling }
  }

  private func stretch(to end: String) -> BandedStretch {
    var stretch = BandedStretch(end: end)
    stretch.made[end] = 0
    var pending: Set<Int> = [makers[end]!]
    // From the last to the first: whoever reads a value has said so before it is looked at.
    while let index = pending.max() {
      pending.remove(index)
      stretch.steps.append(index)
      let node = steps[index].node, need = stretch.made[node.outputs[0]]!
      for (name, input) in zip(node.inputs, reaches[index]!.inputs) where !name.isEmpty {
        guard case .rows(let window) = input else {
          if constants[name] == nil { stretch.whole.insert(name) }
          continue
        }
        let rows = window.rows(around: need)
        if let maker = makers[name], !ends.contains(name) || remade.contains(name) {
          stretch.made[name] = max(stretch.made[name] ?? 0, rows)
          pending.insert(maker)
        } else {
          stretch.read[name] = max(stretch.read[name] ?? 0, rows)
        }
      }
    }
    stretch.steps.reverse()
    return stretch
  }

  /// The steps with one in the place of every stretch, and the types of values that they have beside.
  /// - bandByteCount: of the largest value in a stretch, how much of it is there at a time.
  /// - Returns: `nil` when there is nothing that could be cut.
  func apply(
    planner: Planner, bandByteCount: Int
  ) throws(RunError) -> (steps: [PlanBuilder.Draft], types: [String: TensorType])? {
    guard !reaches.isEmpty else { return nil }
    var result: [PlanBuilder.Draft] = [], types = types
    for (index, step) in steps.enumerated() {
      guard reaches[index] != nil else {
        result.append(step)
        continue
      }
      let name = step.node.outputs[0]
      guard ends.contains(name) else { continue }
      let isKept = !remade.contains(name)
      let normalizations = (readers[name] ?? []).filter { reaches[$0]?.isNormalization ?? false }
        .map { BandedNormalization(steps[$0].node, in: self) }
      guard isKept || !normalizations.isEmpty else { continue }
      for normalization in normalizations { types.merge(normalization.types) { $1 } }
      let body = BandBody(stretch(to: name), of: self, bandByteCount: bandByteCount)
      result.append(
        try body.step(planner, of: self, name: step.node.label, isKept: isKept, normalizations: normalizations))
    }
    return (result, types)
  }

  func inputs(of step: Int) -> [RowReach.Input] { reaches[step]?.inputs ?? [] }
  func tile(of step: Int) -> Int { reaches[step]?.tile ?? 1 }
  func isNormalization(_ step: Int) -> Bool { reaches[step]?.isNormalization ?? false }

  /// A name that no value has.
  func newName(_ name: String) -> String {
    var name = name
    while types[name] != nil || constants[name] != nil { name += "_" }
    return name
  }

  func byteCount(_ name: String) -> Int {
    guard let type = types[name], let dims = type.dims else { return 0 }
    return Tensor.elementCount(dims).flatMap(type.elementType.byteCount) ?? 0
  }
}
