extension RewriteTests {
  /// Attention of opset 23 in every form, with what becomes of it.
  static let expansions = [
    Example(
      testDescription: "an Attention over heads is the fused one",
      text: """
        g (float[2,2,3,4] q, float[2,2,5,4] k, float[2,2,5,4] v) => (float[2,2,3,4] y) { y = Attention(q, k, v) }
        """,
      expected: ["Reshape", "Reshape", "Reshape", "ScaledDotProductAttention", "Reshape"]),
    Example(
      testDescription: "an Attention over tokens is the fused one",
      text: """
        g (float[2,3,8] q, float[2,5,8] k, float[2,5,8] v) => (float[2,3,8] y) {
          y = Attention<q_num_heads = 2, kv_num_heads = 2, scale = 0.3>(q, k, v)
        }
        """, expected: ["ScaledDotProductAttention"]),
    Example(
      testDescription: "an Attention that sees the past alone",
      text: """
        g (float[1,2,3,4] q, float[1,2,5,4] k, float[1,2,5,4] v) => (float[1,2,3,4] y) {
          y = Attention<is_causal = 1>(q, k, v)
        }
        """, expected: ["Transpose", "MatMul", "Mul", "Where", "Softmax", "MatMul"]),
    Example(
      testDescription: "an Attention with a number added to each score",
      text: """
        g (float[1,2,3,4] q, float[1,2,5,4] k, float[1,2,5,4] v) => (float[1,2,3,4] y)
        <float[1,5] mask = {0.5, -1.0, 0.25, 0.0, -2.0}> { y = Attention(q, k, v, mask) }
        """, expected: ["Transpose", "MatMul", "Mul", "Add", "Softmax", "MatMul"]),
    Example(
      testDescription: "a query that may look at nothing gives zeros",
      text: """
        g (float[1,1,2,4] q, float[1,1,3,4] k, float[1,1,3,4] v) => (float[1,1,2,4] y)
        <bool[2,3] mask = {0, 0, 0, 1, 0, 1}> { y = Attention(q, k, v, mask) }
        """, expected: ["Transpose", "MatMul", "Mul", "Where", "Softmax", "Where", "MatMul"]),
    Example(
      testDescription: "a mask of a run that hides keys by minus infinity",
      text: """
        g (float[1,1,2,4] q, float[1,1,3,4] k, float[1,1,3,4] v, float[2,3] m) => (float[1,1,2,4] y)
        <bool[2,3] hidden = {1, 1, 1, 0, 0, 1}, float lowest = {-inf}> {
          w = Where(hidden, lowest, m)  y = Attention(q, k, v, w)
        }
        """,
      expected: [
        "Where", "Transpose", "MatMul", "Mul", "Add", "Softmax", "ReduceMax", "Equal", "Where", "MatMul",
      ]),
    Example(
      testDescription: "an Attention with a cache, a cap, and two queries to a head of keys",
      text: """
        g (float[1,3,16] q, float[1,2,8] k, float[1,2,8] v, float[1,2,4,4] pk, float[1,2,4,4] pv)
            => (float[1,3,16] y, float[1,2,6,4] nk, float[1,2,6,4] nv) {
          y, nk, nv = Attention<q_num_heads = 4, kv_num_heads = 2, softcap = 2.0, is_causal = 1>(q, k, v, , pk, pv)
        }
        """,
      expected: [
        "Reshape", "Transpose", "Reshape", "Transpose", "Concat", "Reshape", "Transpose", "Concat", "Reshape",
        "Transpose", "MatMul", "Reshape", "Mul", "Div", "Tanh", "Mul", "Where", "Softmax", "Reshape", "MatMul",
        "Reshape", "Transpose", "Reshape",
      ]),
    Example(
      testDescription: "an Attention with a window stays",
      text: """
        g (float[1,2,3,4] q, float[1,2,5,4] k, float[1,2,5,4] v) => (float[1,2,3,4] y) {
          y = Attention<left_window_size = 1>(q, k, v)
        }
        """, expected: ["Attention"]),
  ]
}
