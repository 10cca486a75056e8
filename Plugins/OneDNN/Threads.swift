/// How many threads are worth waking. A team meets twice a region, for some microseconds each time, and for much longer
/// when the system has taken a core away: work of less than about 50 microseconds is done sooner by one thread.
enum Threads {
  /// Products keep every lane of the vector units busy.
  private static let operationsWorthATeam = 4_000_000.0
  private static let stepsWorthATeam = 512_000

  /// For convolutions, poolings and products.
  /// - operations: floating-point operations of one run.
  static func forOperations(_ operations: Double, limit: Int32) -> Int32 {
    operations < operationsWorthATeam ? 1 : limit
  }

  /// For walks over memory.
  /// - elements: values that one run reads.
  /// - steps: about how long each takes, in additions.
  static func forElements(_ elements: Int, steps: Int, limit: Int32) -> Int32 {
    elements < stepsWorthATeam / steps ? 1 : limit
  }
}
