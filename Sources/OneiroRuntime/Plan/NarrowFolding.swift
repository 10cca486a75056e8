import OneiroGraph

/// What a node that is computed while planning does with narrow constants. Operators that only move elements move the
/// narrow ones, and their result is narrow too; all others get them widened, for the time of the computation.
struct NarrowFolding {
  let inputs: [Value?]
  /// What the results' elements are to be widened from; `nil`: they are what they are.
  private let type: ElementType?

  /// By name of ai.onnx operator, each with its inputs that move; `nil` for all inputs.
  private static let moving: [String: Int?] = [
    "Concat": nil, "Flatten": 1, "Gather": 1, "Identity": 1, "Reshape": 1, "Slice": 1, "Split": 1, "Squeeze": 1,
    "Transpose": 1, "Unsqueeze": 1,
  ]

  init(_ node: Node, inputs: [Value?]) {
    if node.domain.isEmpty, let count = Self.moving[node.opType] {
      let moved = inputs.prefix(count ?? inputs.count)
      let types = Set(moved.map { $0?.tensor?.stored?.type })
      if moved.allSatisfy({ $0?.tensor?.isNarrow ?? false }), types.count == 1, let type = types.first {
        self.inputs = moved.map { $0?.tensor.map { .tensor($0.asStored) } } + inputs.dropFirst(moved.count)
        self.type = type
        return
      }
    }
    self.inputs = inputs.map { value in value?.tensor.map { .tensor($0.withOwnWidening) } ?? value }
    type = nil
  }

  func results(_ results: [Value?]) -> [Value?] {
    guard let type else { return results }
    return results.map { value in
      guard let tensor = value?.tensor, tensor.elementType == type else { return value }
      return .tensor(tensor.widening())
    }
  }
}
