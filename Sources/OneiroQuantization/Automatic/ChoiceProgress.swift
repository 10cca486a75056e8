/// How far an automatic choice has come in one phase.
public struct ChoiceProgress: Sendable, Equatable {
  /// Work that is counted by itself.
  public enum Phase: Sendable {
    /// Calls of the graph as it is.
    case outputs
    /// Layers in each of their schemes.
    case layers
    /// Calls with all layers as they were chosen, again and again until the goal is met.
    case whole
  }
  public let phase: Phase
  public let done: Int
  public let total: Int
  /// Of the phase's work that is done: the first layers take longer than the last ones, as more comes behind them.
  public let share: Double

  init(_ phase: Phase, _ done: Int, of total: Int, share: Double? = nil) {
    (self.phase, self.done, self.total) = (phase, done, total)
    self.share = share ?? Double(done) / Double(total)
  }
}
