/// A group normalization of two values that are joined, and where it is left alone.
extension RewriteTests {
  private static let channels = "<float[4] w = {0.5, 2.0, -1.0, 3.0}, float[4] b = {1.0, 0.0, -2.0, 0.25}>"

  static let joins = [
    Example(
      testDescription: "a group normalization of joined channels that somebody else reads too",
      text: """
        g (float[2,3,3,5] x, float[2,1,3,5] z) => (float[2,4,3,5] y, float[2,4,3,5] r) \(channels) {
          j = Concat<axis = 1>(x, z)  y = GroupNormalization<num_groups = 2>(j, w, b)  r = Relu(j)
        }
        """, expected: ["ConcatGroupNormalization", "Relu"]),
    Example(
      testDescription: "the same with its SiLU, the joined value an output",
      text: """
        g (float[2,2,3] x, float[2,2,3] z) => (float[2,4,3] y, float[2,4,3] j) \(channels) {
          j = Concat<axis = -2>(x, z)  n = GroupNormalization<num_groups = 2>(j, w, b)  s = Sigmoid(n)  y = Mul(n, s)
        }
        """, expected: ["ConcatGroupNormalization"]),
    Example(
      testDescription: "the same with a result of bytes",
      text: """
        g (float[2,2,3] x, float[2,2,3] z) => (float[2,4,3] y, float[2,4,3] j)
        <float[4] w = {0.5, 2.0, -1.0, 3.0}, float[4] b = {1.0, 0.0, -2.0, 0.25}, float t = {0.02}, uint8 p = {100}> {
          j = Concat<axis = 1>(x, z)  n = GroupNormalization<num_groups = 2>(j, w, b)
          q = QuantizeLinear(n, t, p)  y = DequantizeLinear(q, t, p)
        }
        """, expected: ["ConcatGroupNormalization", "DequantizeLinear"]),
    Example(
      testDescription: "joined channels that somebody reads before their normalization stay",
      text: """
        g (float[2,3,3] x, float[2,1,3] z) => (float[2,4,3] y, float[2,4,3] r) \(channels) {
          j = Concat<axis = 1>(x, z)  r = Relu(j)  y = GroupNormalization<num_groups = 2>(j, w, b)
        }
        """, expected: ["Concat", "Relu", "GroupNormalization"]),
    Example(
      testDescription: "images that are joined stay",
      text: """
        g (float[1,4,3] x, float[1,4,3] z) => (float[2,4,3] y) \(channels) {
          j = Concat<axis = 0>(x, z)  y = GroupNormalization<num_groups = 2>(j, w, b)
        }
        """, expected: ["Concat", "GroupNormalization"]),
    Example(
      testDescription: "three values that are joined stay",
      text: """
        g (float[1,1,3] x, float[1,2,3] z) => (float[1,4,3] y) \(channels) {
          j = Concat<axis = 1>(x, z, x)  y = GroupNormalization<num_groups = 2>(j, w, b)
        }
        """, expected: ["Concat", "GroupNormalization"]),
  ]
}
