import OneiroGraph

/// What RNN, GRU and LSTM share: X: [length, batch, input], W: [directions, gates * hidden, input],
/// R: [directions, gates * hidden, hidden], B: [directions, 2 * gates * hidden]. With layout 1 the batch comes first.
struct Recurrence {
  /// One direction's weights while it runs.
  struct Direction {
    let index: Int
    let activations: [RecurrentActivation]
    let hidden: Int
    /// [gates * hidden, hidden] and [gates * hidden].
    let recurrentWeights: ArraySlice<Double>
    let recurrentBias: ArraySlice<Double>
    let clip: Double

    /// R[rows] * h + its bias for the gates `gates`.
    func recurrent(_ gates: Range<Int>, _ h: [Double]) -> [Double] {
      Recurrence.multiply(
        recurrentWeights, gates.lowerBound * hidden..<gates.upperBound * hidden, h, bias: recurrentBias)
    }

    /// Activation `number` of x, which is held within the clip first. `min` and `max` would lose a NaN.
    func activate(_ number: Int, _ x: Double) -> Double {
      activations[number](x.isNaN ? x : max(-clip, min(clip, x)))
    }
  }

  let gates, length, batch, inputSize, hidden: Int
  /// Whether each direction runs from the end of the sequence.
  let isReversed: [Bool]
  let isBatchFirst: Bool
  let lengths: [Int]
  let activations: [[RecurrentActivation]]
  let clip: Double

  /// Of a call whose shapes `infer` has checked.
  init(_ call: KernelCall, gates: Int, defaults: [String]) throws(KernelError) {
    let x = try call.tensor(0), r = try call.tensor(2)
    isBatchFirst = call.attributes.int("layout") == 1
    (length, batch) = isBatchFirst ? (x.dims[1], x.dims[0]) : (x.dims[0], x.dims[1])
    (inputSize, hidden, self.gates) = (x.dims[2], r.dims[2], gates)
    isReversed = try Self.directions(call.attributes)
    clip = call.attributes.optionalFloat("clip") ?? .infinity
    lengths = call.ints(4) ?? [Int](repeating: length, count: batch)
    for given in lengths where given < 0 || given > length {
      throw call.fails("sequence_lens: expected 0 ... \(length), found \(given)")
    }
    activations = try Self.activations(call.attributes, directions: isReversed.count, defaults: defaults)
  }

  static func directions(_ attributes: NodeAttributes) throws(KernelError) -> [Bool] {
    switch attributes.string("direction") {
    case "forward": return [false]
    case "reverse": return [true]
    case "bidirectional": return [false, true]
    case let other: throw KernelError("attribute direction: expected forward, reverse or bidirectional, found \(other)")
    }
  }

  private static func activations(
    _ attributes: NodeAttributes, directions: Int, defaults: [String]
  ) throws(KernelError) -> [[RecurrentActivation]] {
    let all = (0..<directions).flatMap { _ in defaults }
    var names = attributes.strings("activations") ?? all
    // RNN's standard default names both directions, and some exporters write it down for a single one.
    if names.count > all.count { names = Array(names.prefix(all.count)) }
    guard names.count == all.count else {
      throw KernelError("attribute activations: expected \(all.count) functions, found \(names.count)")
    }
    var alphas = (attributes.floats("activation_alpha") ?? [])[...],
      betas = (attributes.floats("activation_beta") ?? [])[...]
    var result: [[RecurrentActivation]] = []
    for start in stride(from: 0, to: names.count, by: defaults.count) {
      var functions: [RecurrentActivation] = []
      for name in names[start..<start + defaults.count] {
        functions.append(try RecurrentActivation(name, alphas: &alphas, betas: &betas))
      }
      result.append(functions)
    }
    return result
  }

  /// Runs all directions. `states` are the initial ones, h first, each [directions, batch, hidden] or batch first.
  /// - cell: one step: W * x + its bias for all gates in, the states moved on.
  /// - Returns: Y in the node's layout, and the final states as they came in.
  func run(
    _ call: KernelCall, states: [[Double]],
    cell: (_ direction: Direction, _ projected: [Double], _ state: inout [[Double]]) -> Void
  ) throws(KernelError) -> (y: [Double], states: [[Double]]) {
    let x = try call.tensor(0).doubles(), w = try call.tensor(1).doubles(), r = try call.tensor(2).doubles()
    let directions = isReversed.count, rows = gates * hidden
    let bias = call.optionalTensor(3)?.doubles() ?? [Double](repeating: 0, count: directions * 2 * rows)
    var y = [Double](repeating: 0, count: length * directions * batch * hidden)
    var finals = states
    for index in 0..<directions {
      let direction = Direction(
        index: index, activations: activations[index], hidden: hidden,
        recurrentWeights: r[index * rows * hidden..<(index + 1) * rows * hidden],
        recurrentBias: bias[(2 * index + 1) * rows..<(2 * index + 2) * rows], clip: clip)
      let weights = w[index * rows * inputSize..<(index + 1) * rows * inputSize]
      for item in 0..<batch {
        let place = (isBatchFirst ? item * directions + index : index * batch + item) * hidden
        var state = finals.map { Array($0[place..<place + hidden]) }
        for step in 0..<lengths[item] {
          let time = isReversed[index] ? lengths[item] - 1 - step : step
          let start = (isBatchFirst ? item * length + time : time * batch + item) * inputSize
          let projected = Self.multiply(
            weights, 0..<rows, Array(x[start..<start + inputSize]),
            bias: bias[2 * index * rows..<(2 * index + 1) * rows])
          cell(direction, projected, &state)
          let target =
            (isBatchFirst ? (item * length + time) * directions + index : (time * directions + index) * batch + item)
            * hidden
          y.replaceSubrange(target..<target + hidden, with: state[0])
        }
        for number in finals.indices { finals[number].replaceSubrange(place..<place + hidden, with: state[number]) }
      }
    }
    return (y, finals)
  }

  /// matrix[rows] * vector + bias[rows]
  static func multiply(_ matrix: ArraySlice<Double>, _ rows: Range<Int>, _ vector: [Double], bias: ArraySlice<Double>)
    -> [Double]
  {
    matrix.withUnsafeBufferPointer { matrix in
      vector.withUnsafeBufferPointer { vector in
        rows.map { row in
          var sum = bias[bias.startIndex + row]
          for column in vector.indices { sum += matrix[row * vector.count + column] * vector[column] }
          return sum
        }
      }
    }
  }

  /// An initial state: input `index`, or zeros.
  func initialState(_ call: KernelCall, _ index: Int) -> [Double] {
    call.optionalTensor(index)?.doubles() ?? [Double](repeating: 0, count: isReversed.count * batch * hidden)
  }
}

extension InferenceContext {
  /// The types of Y and of a final state, with every input held against the shape that X, W and R give it.
  /// - states: the inputs that are initial states.
  func recurrent(gates: Int, states: [Int]) throws(GraphError) -> (y: ValueType, state: ValueType) {
    let directions = try checked { () throws(KernelError) in try Recurrence.directions(attributes).count }
    let type = try elementType(0)
    let x = try agreedShape(0, [.unknown, .unknown, .unknown]),
      r = try agreedShape(2, [.known(directions), .unknown, .unknown])
    let isBatchFirst = attributes.int("layout") == 1
    let length = x[isBatchFirst ? 1 : 0], batch = x[isBatchFirst ? 0 : 1]
    let given = attributes.optionalInt("hidden_size")
    if let given, !r[2].agrees(with: .known(given)) {
      throw .mismatch(node: node, "attribute hidden_size", expected: "R's last extent \(r[2])", found: "\(given)")
    }
    let hidden = r[2] == .unknown ? given.map { .known($0) } ?? .unknown : r[2]
    func rows(_ factor: Int) throws(GraphError) -> Dimension {
      guard let hidden = hidden.extent else { return .unknown }
      guard hidden >= 0, hidden <= 1 << 40 else { throw fails("attribute hidden_size", "cannot be \(hidden)") }
      return .known(factor * hidden)
    }
    _ = try agreedShape(1, [.known(directions), try rows(gates), x[2]])
    _ = try agreedShape(2, [.known(directions), try rows(gates), hidden])
    _ = try agreedShape(3, [.known(directions), try rows(2 * gates)])
    _ = try agreedShape(4, [batch])
    let state = isBatchFirst ? [batch, .known(directions), hidden] : [.known(directions), batch, hidden]
    for index in states { _ = try agreedShape(index, state) }
    let y = isBatchFirst ? [batch, length, .known(directions), hidden] : [length, .known(directions), batch, hidden]
    return (.tensor(type, y), .tensor(type, state))
  }

  /// The shape of an input as far as it is known, which must agree with `expected`.
  func agreedShape(_ index: Int, _ expected: [Dimension]) throws(GraphError) -> [Dimension] {
    guard has(index), let shape = try shape(index) else { return expected }
    guard shape.count == expected.count, zip(shape, expected).allSatisfy({ $0.agrees(with: $1) }) else {
      throw fails(
        index, expected: TensorType(.float32, expected).shapeText, found: TensorType(.float32, shape).shapeText)
    }
    return shape
  }
}
