import OneiroGraph
import OneiroOps
import Testing

@Suite struct Sequences {
  private let two = Value.sequence([.tensor(counting(2)), .tensor(counting(3))], of: .tensor(.float32, nil))

  private func run(_ op: any Operator.Type, _ inputs: [Value?], _ attributes: [String: Attribute] = [:]) throws -> Value
  {
    var node = OneNode(op, [], attributes)
    node.inputs = inputs
    _ = try node.infer()
    return try #require(try node.run()[0])
  }

  private func count(_ value: Value) -> Int? { if case .sequence(let values, _) = value { values.count } else { nil } }

  @Test("Positions count from both ends and stop there")
  func positions() throws {
    #expect(try run(SequenceAt.self, [two, .tensor(ints([-1], []))]).tensor?.dims == [3])
    #expect(throws: KernelError.self) { try run(SequenceAt.self, [two, .tensor(ints([2], []))]) }
    #expect(try count(run(SequenceInsert.self, [two, .tensor(counting(1)), .tensor(ints([2], []))])) == 3)
    #expect(throws: KernelError.self) {
      try run(SequenceInsert.self, [two, .tensor(counting(1)), .tensor(ints([3], []))])
    }
    #expect(throws: GraphError.self) { try run(SequenceInsert.self, [two, .tensor(ints([1]))]) }
    let empty = try run(SequenceEmpty.self, [])
    #expect(throws: KernelError.self) { try run(SequenceErase.self, [empty]) }
    #expect(try run(SequenceLength.self, [empty]).tensor?.int64s() == [0])
  }

  @Test("A split by a scalar leaves the rest as a smaller part")
  func split() throws {
    let parts = try run(SplitToSequence.self, [.tensor(counting(5)), .tensor(ints([2], []))])
    #expect(count(parts) == 3)
    #expect(try run(ConcatFromSequence.self, [parts], ["axis": .int(0)]).tensor?.doubles() == [0, 1, 2, 3, 4])
    #expect(throws: KernelError.self) { try run(SplitToSequence.self, [.tensor(counting(5)), .tensor(ints([0], []))]) }
    #expect(throws: KernelError.self) {
      try run(ConcatFromSequence.self, [two], ["axis": .int(0), "new_axis": .int(1)])
    }
  }

  @Test("An optional is full, empty, or the value itself")
  func optionals() throws {
    let type = ValueType.tensor(.float32, nil)
    let empty = try run(OptionalConstruct.self, [], ["type": .type(type)])
    #expect(try run(OptionalHasElement.self, [empty]).tensor?.int64s() == [0])
    #expect(try run(OptionalHasElement.self, [nil]).tensor?.int64s() == [0])
    #expect(try run(OptionalHasElement.self, [two]).tensor?.int64s() == [1])
    #expect(throws: KernelError.self) { try run(OptionalGetElement.self, [empty]) }
    let full = try run(OptionalConstruct.self, [.tensor(counting(2))])
    #expect(try run(OptionalGetElement.self, [full]).tensor?.dims == [2])
  }
}
