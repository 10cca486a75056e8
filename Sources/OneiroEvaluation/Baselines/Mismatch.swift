/// Pairs each trial with another.
public enum Mismatch {
  /// A random order of 0 ..< count in which no number stays in its place (Sattolo 1986); of one number, itself.
  public static func pairs(_ count: Int, seed: UInt64) -> [Int] {
    var generator = SeededGenerator(seed)
    var order = Array(0..<count)
    for index in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(index, Int.random(in: 0..<index, using: &generator))
    }
    return order
  }
}
