import OneiroGraph

/// What came of one case on one plugin at one level.
package struct CaseResult: Sendable, Codable {
  /// In `Conformance.allWithLarge`, which is the same in every process of one program.
  package let index: Int
  package var outcome: Outcome
  /// The kernels that ran, as the plugin's own list has them.
  package var kernels: [String] = []
  /// See `Agreement.Comparison`.
  package var error = 0.0
  package var failure: CaseFailure?

  package enum Outcome: String, Sendable, Codable {
    case passed, failed
    /// Differs, and is listed with a reason.
    case knownGap
    /// No kernel of the plugin takes it.
    case notTaken
  }
}

package struct CaseFailure: Sendable, Codable, CustomStringConvertible {
  /// `nil`: before it could be said with how many.
  package var threads: Int?
  package let reason: String
  /// `nil`: there was no result to compare.
  package var difference: Agreement.Difference?

  package var description: String {
    (threads.map { "\(counted($0, "thread")), " } ?? "") + reason
  }
}
