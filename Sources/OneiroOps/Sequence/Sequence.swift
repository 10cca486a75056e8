extension Operators {
  static let sequence: [any Operator.Type] = [
    ConcatFromSequence.self,
    OptionalConstruct.self,
    OptionalGetElement.self,
    OptionalHasElement.self,
    SequenceAt.self,
    SequenceConstruct.self,
    SequenceEmpty.self,
    SequenceErase.self,
    SequenceInsert.self,
    SequenceLength.self,
    SequenceMap.self,
    SplitToSequence.self,
  ]
}
