/// How many threads are worth waking: a team meets twice a region, a few microseconds each time, in which one core
/// does some hundred thousand multiplications or moves some hundred kilobytes.
enum Threads {
  private static let operationsWorthATeam = 200_000.0
  private static let bytesWorthATeam = 128 * 1024

  /// For work bound by arithmetic.
  /// - operations: floating-point operations of one run.
  static func forOperations(_ operations: Double, limit: Int32) -> Int32 {
    operations < operationsWorthATeam ? 1 : limit
  }

  /// For work bound by memory.
  /// - elements: float32 values that one run reads and writes.
  static func forElements(_ elements: Int, limit: Int32) -> Int32 {
    elements < bytesWorthATeam / MemoryLayout<Float>.size ? 1 : limit
  }
}
