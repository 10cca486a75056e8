import OneiroGraph

extension Conformance {
  static let recurrences: [Case] = ["LSTM", "GRU"].flatMap { recurrence($0, gates: $0 == "LSTM" ? 4 : 3) }

  /// - gates: of the operator, each with as many rows of the weights as the state has elements.
  private static func recurrence(_ opType: String, gates: Int) -> [Case] {
    let outputs = gates == 4 ? 3 : 2
    func test(
      _ text: String, length: Int, batch: Int, input: Int, hidden: Int, directions: Int = 1, biased: Bool = true,
      states: Bool = false, outputs: Int = outputs, _ attributes: [String: Attribute] = [:],
      x: (Tensor) -> Tensor = { $0 }
    ) -> Case {
      // Larger ones make a step amplify the rounding of the one before.
      let rows = gates * hidden, size = 1 / Float(max(hidden, 1)).squareRoot()
      var operands: [Case.Operand] = [
        .input(x(.random([length, batch, input]))),
        .constant(.random([directions, rows, input], -size...size, seed: 2)),
        .constant(.random([directions, rows, hidden], -size...size, seed: 3)),
        biased ? .constant(.random([directions, 2 * rows], seed: 4)) : .absent,
      ]
      if states {
        operands.append(.absent)
        for seed in 5..<(gates == 4 ? 7 : 6) {
          operands.append(.input(.random([directions, batch, hidden], seed: seed)))
        }
      }
      var attributes = attributes
      attributes["hidden_size"] = .int(Int64(hidden))
      if directions == 2 { attributes["direction"] = .string("bidirectional") }
      return Case(opType, text, operands, attributes, outputs: outputs, tolerance: 1e-5)
    }
    let names = gates == 4 ? ["Sigmoid", "Tanh", "Tanh"] : ["Sigmoid", "Tanh"]
    let defaults = Attribute.strings(names.map { Array($0.utf8) })
    var cases = [
      test("one of everything", length: 1, batch: 1, input: 1, hidden: 1),
      test("odd everywhere", length: 5, batch: 3, input: 7, hidden: 13, directions: 2, states: true),
      test("gates that end past a panel", length: 3, batch: 2, input: 5, hidden: 17),
      test("wide enough for threads", length: 20, batch: 4, input: 40, hidden: 64, directions: 2),
      test("rows of four, two and one", length: 4, batch: 7, input: 9, hidden: 33, states: true),
      test("reverse", length: 6, batch: 2, input: 4, hidden: 9, ["direction": .string("reverse")]),
      test("no bias", length: 3, batch: 2, input: 4, hidden: 9, biased: false),
      test("Y alone", length: 3, batch: 2, input: 4, hidden: 9, outputs: 1),
      test("default activations by name", length: 3, batch: 2, input: 4, hidden: 8, ["activations": defaults]),
      test("a NaN spoils its item from its step on", length: 4, batch: 3, input: 5, hidden: 8) {
        $0.replacing([(1 * 3 + 1) * 5 + 2: .nan])
      },
      test("an infinity saturates", length: 4, batch: 2, input: 3, hidden: 8) { $0.replacing([4: .infinity]) },
      test("no steps", length: 0, batch: 2, input: 3, hidden: 4, states: true),
      test("no items", length: 3, batch: 0, input: 3, hidden: 4),
      test("no inputs", length: 3, batch: 2, input: 0, hidden: 4),
    ]
    if gates == 3 {
      cases.append(
        test(
          "linear before reset", length: 5, batch: 3, input: 7, hidden: 19, directions: 2, states: true,
          ["linear_before_reset": .int(1)]))
    }
    return cases
  }
}
