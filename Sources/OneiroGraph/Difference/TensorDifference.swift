import Glibc

/// How far two tensors of one type are apart.
struct TensorDifference: CustomStringConvertible {
  let description: String

  /// `nil` when all elements are the same, bit by bit or as strings.
  init?(_ old: Tensor, _ new: Tensor) {
    guard let before = old.stored, let after = new.stored else {
      if old.strings == new.strings { return nil }
      description = "other strings"
      return
    }
    if before.type == after.type, before.storage.bytes.elementsEqual(after.storage.bytes) { return nil }
    let mine = old.doubles(), its = new.doubles()
    var largest = 0.0, signal = 0.0, noise = 0.0, count = 0
    for (a, b) in zip(mine, its) where a != b && !(a.isNaN && b.isNaN) {
      count += 1
      largest = max(largest, abs(a - b))
      noise += (a - b) * (a - b)
    }
    for a in mine where a.isFinite { signal += a * a }
    guard count > 0 else {
      description = "other bits, the same numbers"
      return
    }
    let decibels =
      noise.isFinite && noise > 0 && signal > 0 ? ", \(Int((10 * log10(signal / noise)).rounded())) dB" : ""
    description = "\(count) of \(mine.count) elements differ, by \(largest) at most\(decibels)"
  }
}
