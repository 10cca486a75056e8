import OneiroGraph

/// What a plan that is held to a bound has resident in the step that needs most, in bytes.
struct MemoryNeed: Sendable {
  /// All but what follows.
  let program: Int
  /// What is touched of the arena, the inputs and the outputs.
  let values: Int
  /// Pages of the step's weights and what is packed of them, and packed weights that stay.
  let weights: Int
  /// The one to blame: where most values are, or the most weights, whichever take more; `nil` where there is none.
  let node: Node?

  var byteCount: Int { program + values + weights }
}

/// A need in words: its parts, and their sum, which as a bound is met.
///
/// Each part is rounded up to a tenth of a MiB, so that they come to the sum as they are read, and the sum can be given as
/// a bound. It does not hang on the bound that was given.
struct MemorySum: CustomStringConvertible {
  private let program, values, weights, reserve: Tenths
  /// Of weights that the program's part has in it; 0 where they are not worth a word.
  private let insideByteCount: Int

  /// A number of tenths of a MiB.
  private struct Tenths: CustomStringConvertible {
    var count: Int
    init(count: Int) { self.count = count }
    /// As many as have room for so many bytes.
    init(holding byteCount: Int) { count = (byteCount * 10 + (1 << 20) - 1) >> 20 }
    var description: String { "\(count / 10).\(count % 10) MiB" }
  }

  init(_ need: MemoryNeed, insideByteCount: Int) {
    (program, values) = (Tenths(holding: need.program), Tenths(holding: need.values))
    weights = Tenths(holding: need.weights)
    reserve = Tenths(holding: MemoryBudget.reserve + MemoryBudget.slack)
    self.insideByteCount = insideByteCount
  }

  private var sum: Tenths { Tenths(count: program.count + values.count + weights.count + reserve.count) }
  private var inside: String {
    insideByteCount == 0
      ? "" : " (\(ByteCount(insideByteCount)) of it weights inside of the model, which as external data would not stay)"
  }
  private var others: String { "\(values) for values, \(weights) for weights, \(reserve) in reserve" }

  /// `153.1 MiB: 47.6 MiB for the program, 43.6 MiB for values, 58.4 MiB for weights, 3.5 MiB in reserve`
  var description: String { "\(sum): \(program) for the program\(inside), \(others)" }

  /// The same where there is no room for more than the program, and no operator to blame.
  var ofProgramAlone: String {
    "\(sum): the program alone (code, libraries, stacks of threads, the model's graph) takes \(program)\(inside), beside "
      + others
  }
}
