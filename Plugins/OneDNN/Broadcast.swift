/// Two shapes that broadcast to a third, all with the same number of axes.
struct Broadcast {
  var left: [Int]
  var right: [Int]
  var result: [Int]

  /// Aligns the shapes at their last axes.
  init(_ left: [Int], _ right: [Int]) throws(KernelError) {
    let rank = max(left.count, right.count)
    self.left = Array(repeating: 1, count: rank - left.count) + left
    self.right = Array(repeating: 1, count: rank - right.count) + right
    result = []
    for (a, b) in zip(self.left, self.right) {
      guard a == b || a == 1 || b == 1 else { throw .unsupported("shapes \(left) and \(right) do not broadcast") }
      result.append(max(a, b))
    }
  }

  /// The same elements with neighbouring axes that broadcast alike made one: implementations differ in how many axes
  /// they take. All three shapes must be those of checked tensors, so that no product overflows.
  var merged: Broadcast {
    var merged = self
    merged.left = []
    merged.right = []
    merged.result = []
    for axis in result.indices where result[axis] != 1 {
      let last = merged.result.count - 1
      if last >= 0, (merged.left[last] == 1) == (left[axis] == 1), (merged.right[last] == 1) == (right[axis] == 1) {
        merged.left[last] *= left[axis]
        merged.right[last] *= right[axis]
        merged.result[last] *= result[axis]
      } else {
        merged.left.append(left[axis])
        merged.right.append(right[axis])
        merged.result.append(result[axis])
      }
    }
    return merged
  }
}
