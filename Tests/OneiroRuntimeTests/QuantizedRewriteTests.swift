import OneiroGraph
import OneiroModel
import OneiroOps
import OneiroPasses
import Testing

/// What becomes of quantized models.
extension RewriteTests {
  static let quantized = [
    Example(
      testDescription: "a product of dequantized operands with its bias and a residual",
      text: """
        g (float[2,3,4] x, float[2,3,2] z) => (float[2,3,2] y)
        <float s = {0.05}, uint8 p = {120}, int8[4,2] w = {1, -2, 3, 4, -5, 60, 7, -128}, float[2] v = {0.5, 0.25}, float[2] b = {1.0, -1.0}> {
          q = QuantizeLinear(x, s, p)  a = DequantizeLinear(q, s, p)  d = DequantizeLinear<axis = 1>(w, v)
          m = MatMul(a, d)  n = Add(m, b)  r = Add(n, z)  y = Relu(r)
        }
        """, expected: ["QuantizeLinear", "Reshape", "Reshape", "QuantizedGemm", "Reshape"]),
    Example(
      testDescription: "one dequantized value for two products",
      text: """
        g (float[3,4] x) => (float[3,2] y)
        <float s = {0.05}, uint8 p = {120}, int8[4,2] w = {1, -2, 3, 4, -5, 60, 7, -128}, float v = {0.5}, int8 o = {0}, float[2] c = {0.1, 0.2}> {
          q = QuantizeLinear(x, s, p)  a = DequantizeLinear(q, s, p)  d = DequantizeLinear(w, v, o)
          m = MatMul(a, d)  n = Gemm(a, d, c)  y = Add(m, n)
        }
        """, expected: ["QuantizeLinear", "QuantizedGemm", "QuantizedGemm"]),
    Example(
      testDescription: "a convolution of dequantized operands",
      text: """
        g (float[1,2,3,3] x) => (float[1,1,2,2] y)
        <float s = {0.05}, int8 p = {3}, int8[1,2,2,2] w = {1, -2, 3, 4, -5, 60, 7, -128}, float[1] v = {0.5}, float[1] b = {1.0}> {
          q = QuantizeLinear(x, s, p)  a = DequantizeLinear(q, s, p)  d = DequantizeLinear<axis = 0>(w, v)
          c = Conv(a, d, b)  g = Sigmoid(c)  y = Mul(g, c)
        }
        """, expected: ["QuantizeLinear", "QuantizedConv"]),
    Example(
      testDescription: "what a product and a Transpose make is quantized by the product",
      text: """
        g (float[3,4] x) => (float[1,2,3,1] y)
        <float s = {0.05}, uint8 p = {120}, int8[4,2] w = {1, -2, 3, 4, -5, 60, 7, -128}, float v = {0.5}, float r = {2.0}, uint8 o = {100}, int64[4] n = {1, 2, 3, 1}> {
          q = QuantizeLinear(x, s, p)  a = DequantizeLinear(q, s, p)  d = DequantizeLinear(w, v)  m = MatMul(a, d)
          t = Transpose<perm = [1, 0]>(m)  i = Reshape(t, n)  b = QuantizeLinear(i, r, o)  y = DequantizeLinear(b, r, o)
        }
        """, expected: ["QuantizeLinear", "QuantizedGemm", "Transpose", "Reshape", "DequantizeLinear"]),
    Example(
      testDescription: "two Transposes of one value, each quantized in its own way",
      text: """
        g (float[3,4,2] x) => (float[4,3,2] y, float[2,4,3] z) <float r = {2.0}, float s = {0.1}, uint8 o = {100}, int8 n = {3}> {
          t = Transpose<perm = [1, 0, 2]>(x)  b = QuantizeLinear(t, r, o)  y = DequantizeLinear(b, r, o)
          u = Transpose<perm = [2, 1, 0]>(x)  c = QuantizeLinear(u, s, n)  z = DequantizeLinear(c, s, n)
        }
        """,
      expected: [
        "QuantizeLinear", "Transpose", "DequantizeLinear", "QuantizeLinear", "Transpose", "DequantizeLinear",
      ]),
    Example(
      testDescription: "a Transpose that somebody else reads is quantized behind it",
      text: """
        g (float[3,4] x) => (float[4,3] y, float[4,3] t) <float r = {2.0}, uint8 o = {100}> {
          t = Transpose<perm = [1, 0]>(x)  b = QuantizeLinear(t, r, o)  y = DequantizeLinear(b, r, o)
        }
        """, expected: ["Transpose", "QuantizeLinear", "DequantizeLinear"]),
    Example(
      testDescription: "an enlarged image is quantized before it is enlarged, and convolved with that",
      text: """
        g (float[1,1,3,2] x) => (float[1,1,6,4] y)
        <float s = {0.05}, uint8 p = {120}, int8[1,1,3,3] w = {1, -2, 3, 4, -5, 60, 7, -128, 9}, float[1] v = {0.5}, float[4] k = {1.0, 1.0, 2.0, 2.0}> {
          r = Resize<nearest_mode = "floor", coordinate_transformation_mode = "asymmetric">(x, , k)
          q = QuantizeLinear(r, s, p)  a = DequantizeLinear(q, s, p)  d = DequantizeLinear<axis = 0>(w, v)
          c = Conv<pads = [1, 1, 1, 1]>(a, d)  y = Relu(c)
        }
        """, expected: ["QuantizeLinear", "UpsampledQuantizedConv"]),
    Example(
      testDescription: "weights alone become constants again",
      text: """
        g (float[3,4] x) => (float[3,2] y) <int8[4,2] w = {1, -2, 3, 4, -5, 60, 7, -128}, float[2] v = {0.5, 0.25}> {
          d = DequantizeLinear<axis = 1>(w, v)  y = MatMul(x, d)
        }
        """, expected: ["MatMul"]),
    Example(
      testDescription: "weights whose zero point is not zero",
      text: """
        g (float[3,2] x) => (float[3,2] y)
        <float s = {0.05}, uint8 p = {120}, int8[2,2] w = {1, -2, 3, 4}, float v = {0.5}, int8 o = {5}> {
          q = QuantizeLinear(x, s, p)  a = DequantizeLinear(q, s, p)  d = DequantizeLinear(w, v, o)  y = MatMul(a, d)
        }
        """, expected: ["QuantizeLinear", "QuantizedGemm"]),
    Example(
      testDescription: "filters of uint8, each with a zero point",
      text: """
        g (float[1,2,3,3] x) => (float[1,2,2,2] y)
        <float s = {0.05}, uint8 p = {3}, uint8[2,2,2,2] w = {1, 2, 3, 4, 5, 60, 7, 128, 0, 1, 2, 3, 4, 5, 6, 255}, float[2] v = {0.5, 0.25}, uint8[2] o = {7, 100}> {
          q = QuantizeLinear(x, s, p)  a = DequantizeLinear(q, s, p)  d = DequantizeLinear<axis = 0>(w, v, o)
          c = Conv(a, d)  y = Relu(c)
        }
        """, expected: ["QuantizeLinear", "QuantizedConv"]),
    Example(
      testDescription: "a dynamically quantized product",
      text: """
        g (float[2,3,4] x) => (float[2,3,2] y)
        <int8[4,2] w = {1, -2, 3, 4, -5, 60, 7, -128}, float[2] v = {0.5, 0.25}, float[2] b = {1.0, -1.0}> {
          q, s, p = DynamicQuantizeLinear(x)  i = MatMulInteger(q, w, p)  f = Cast<to = 1>(i)  k = Mul(s, v)
          m = Mul(f, k)  y = Add(m, b)
        }
        """, expected: ["DynamicQuantizeLinear", "Reshape", "QuantizedGemm", "Reshape"]),
    Example(
      testDescription: "a dynamically quantized product with one scale and a zero point for each column",
      text: """
        g (float[3,4] x) => (float[3,2] y)
        <uint8[4,2] w = {1, 2, 3, 4, 5, 60, 7, 255}, float v = {0.5}, uint8[2] o = {3, 200}, float[2] b = {1.0, -1.0}> {
          q, s, p = DynamicQuantizeLinear(x)  i = MatMulInteger(q, w, p, o)  f = Cast<to = 1>(i)  k = Mul(s, v)
          m = Mul(f, k)  y = Add(m, b)
        }
        """, expected: ["DynamicQuantizeLinear", "QuantizedGemm"]),
    Example(
      testDescription: "a dynamically quantized convolution",
      text: """
        g (float[1,2,3,3] x) => (float[1,2,2,2] y)
        <int8[2,2,2,2] w = {1, -2, 3, 4, -5, 60, 7, -128, 0, 1, 2, 3, 4, 5, 6, 7}, float[2,1,1] v = {0.5, 0.25}, float[2,1,1] b = {1.0, -1.0}> {
          q, s, p = DynamicQuantizeLinear(x)  i = ConvInteger(q, w, p)  f = Cast<to = 1>(i)  k = Mul(s, v)
          m = Mul(f, k)  y = Add(m, b)
        }
        """, expected: ["DynamicQuantizeLinear", "QuantizedConv"]),
    Example(
      testDescription: "QLinearConv of uint8 with a bias and a zero point for each filter",
      text: """
        g (uint8[1,2,3,3] x) => (uint8[1,2,2,2] y)
        <float s = {0.05}, uint8 p = {3}, uint8[2,2,2,2] w = {1, 2, 3, 4, 5, 60, 7, 128, 0, 1, 2, 3, 4, 5, 6, 255}, float[2] v = {0.5, 0.25}, uint8[2] o = {7, 100}, float t = {0.7}, uint8 r = {130}, int32[2] b = {900, -700}> {
          y = QLinearConv(x, s, p, w, v, o, t, r, b)
        }
        """, expected: ["QuantizedConv"]),
    Example(
      testDescription: "QLinearConv of filters of one channel",
      text: """
        g (int8[1,2,3,3] x) => (uint8[1,2,2,2] y)
        <float s = {0.05}, int8 p = {3}, int8[2,1,2,2] w = {1, 2, 3, 4, 5, 60, 7, 127}, float v = {0.5}, int8 o = {0}, float t = {0.7}, uint8 r = {130}> {
          y = QLinearConv<group = 2>(x, s, p, w, v, o, t, r)
        }
        """, expected: ["DequantizeLinear", "Conv", "QuantizeLinear"]),
    Example(
      testDescription: "QLinearConv whose filters are no constants",
      text: """
        g (uint8[1,2,3,3] x, uint8[1,2,2,2] w) => (uint8[1,1,2,2] y)
        <float s = {0.05}, uint8 p = {3}, float t = {7.0}> { y = QLinearConv(x, s, p, w, s, p, t, p) }
        """, expected: ["QLinearConv"]),
    Example(
      testDescription: "QLinearMatMul of a constant and of two values, one after the other",
      text: """
        g (uint8[2,3,4] x) => (int8[2,3,3] y)
        <float s = {0.05}, uint8 p = {120}, uint8[4,2] w = {1, 2, 3, 4, 5, 60, 7, 255}, float[2] v = {0.5, 0.25}, uint8[2] o = {7, 100}, float t = {0.7}, uint8 r = {130}, float u = {90.0}, int8 z = {-5}> {
          a = QLinearMatMul(x, s, p, w, v, o, t, r)  c = Transpose<perm = [0, 2, 1]>(a)
          y = QLinearMatMul(a, t, r, c, t, r, u, z)
        }
        """,
      expected: [
        "Reshape", "QuantizedGemm", "Reshape", "Transpose", "DequantizeLinear", "DequantizeLinear", "MatMul",
        "QuantizeLinear",
      ]),
    Example(
      testDescription: "convolutions with a residual and an activation between bytes",
      text: """
        g (uint8[1,2,3,3] x) => (int8[1,2,3,3] y)
        <float s = {0.05}, uint8 p = {3}, int8[2,2,1,1] w = {1, 2, -3, 4}, float v = {0.5}, float t = {0.7}, int8 r = {-30}> {
          a = DequantizeLinear(x, s, p)  d = DequantizeLinear(w, v)  c = Conv(a, d)  b = Relu(c)
          q = QuantizeLinear(b, t, r)  e = DequantizeLinear(q, t, r)  f = Conv(e, d)  z = Add(f, e)  y = QuantizeLinear(z, s, r)
        }
        """, expected: ["QuantizedConv", "DequantizeLinear", "QuantizedConv"]),
    Example(
      testDescription: "a product that is quantized and read as it is stays float32",
      text: """
        g (uint8[3,4] x) => (float[3,2] m, uint8[3,2] y)
        <float s = {0.05}, uint8 p = {120}, int8[4,2] w = {1, -2, 3, 4, -5, 60, 7, -128}, float v = {0.5}> {
          a = DequantizeLinear(x, s, p)  d = DequantizeLinear(w, v)  m = MatMul(a, d)  y = QuantizeLinear(m, v, p)
        }
        """, expected: ["QuantizedGemm", "QuantizeLinear"]),
    Example(
      testDescription: "QLinearMatMul with a scale for each row",
      text: """
        g (uint8[2,2] x) => (uint8[2,2] y)
        <float[2] s = {0.05, 0.1}, uint8[2] p = {120, 7}, uint8[2,2] w = {1, 2, 3, 4}, float v = {0.5}, uint8 o = {7}> {
          y = QLinearMatMul(x, s, p, w, v, o, v, o)
        }
        """, expected: ["QLinearMatMul"]),
    Example(
      testDescription: "a GEGLU between quantized products",
      text: """
        g (float[2,3,4] x) => (float[2,3,1] y)
        <float s = {0.05}, uint8 p = {120}, int8[4,4] w = {1, -2, 3, 4, -5, 60, 7, -128, 1, 2, 3, 4, 5, 6, 7, 8},
         float v = {0.01}, float[4] b = {0.5, -0.5, 0.25, 1.0}, float t = {0.02}, int8[2,1] u = {100, -50}, int64 n = {2}> {
          q = QuantizeLinear(x, s, p)  a = DequantizeLinear(q, s, p)  d = DequantizeLinear(w, v)
          m = MatMul(a, d)  e = Add(m, b)  f, g = Split<axis = -1, num_outputs = 2>(e)  h = Gelu(g)  i = Mul(f, h)
          j = QuantizeLinear(i, t)  k = DequantizeLinear(j, t)  l = DequantizeLinear(u, v)  y = MatMul(k, l)
        }
        """,
      expected: ["QuantizeLinear", "Reshape", "QuantizedGEGLU", "Reshape", "Reshape", "QuantizedGemm", "Reshape"]),
    Example(
      testDescription: "normalizations whose results are quantized",
      text: """
        g (float[2,4,3] x) => (float[2,4,3] y, float[2,4,3] z)
        <float[4] s = {1.0, 2.0, 3.0, 4.0}, float[4] b = {0.0, 1.0, 0.0, 1.0}, float[3] r = {1.0, 2.0, 3.0}, float t = {0.02}, int8 p = {3}> {
          n = GroupNormalization<num_groups = 2>(x, s, b)  m = Sigmoid(n)  i = Mul(n, m)
          q = QuantizeLinear(i, t, p)  y = DequantizeLinear(q, t, p)
          l = LayerNormalization(x, r)  k = QuantizeLinear(l, t)  z = DequantizeLinear(k, t)
        }
        """,
      expected: ["QuantizeGroupNormalization", "DequantizeLinear", "QuantizeLayerNormalization", "DequantizeLinear"]),
    Example(
      testDescription: "a normalization that somebody else reads too is quantized by itself",
      text: """
        g (float[2,3] x) => (float[2,3] y) <float[3] r = {1.0, 2.0, 3.0}, float t = {0.02}> {
          l = LayerNormalization(x, r)  k = QuantizeLinear(l, t)  z = DequantizeLinear(k, t)  y = Add(l, z)
        }
        """, expected: ["LayerNormalization", "QuantizeLinear", "DequantizeLinear", "Add"]),
  ]

  /// Queries, keys and values from one quantized x, keys by `weights`: the quantized "d", or "f" of floats.
  private static func attention(keysBy weights: String) -> String {
    """
    <ir_version: 10, opset_import: ["" : 23]>
    g (float[2,3,4] x) => (float[2,3,4] y)
    <float s = {0.05}, uint8 p = {120}, int64[4] split = {0, 0, 2, 2}, int64[3] join = {0, 0, 4}, float v = {0.01},
     int8[4,4] w = {1, -2, 3, 4, -5, 60, 7, -128, 1, 2, 3, 4, 5, 6, 7, 8},
     float[4,4] f = {1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0}> {
      b = QuantizeLinear(x, s, p)  a = DequantizeLinear(b, s, p)  d = DequantizeLinear(w, v)
      q = MatMul(a, d)  k = MatMul(a, \(weights))
      qs = Reshape(q, split)  qh = Transpose<perm = [0, 2, 1, 3]>(qs)
      ks = Reshape(k, split)  kh = Transpose<perm = [0, 2, 3, 1]>(ks)  vh = Transpose<perm = [0, 2, 1, 3]>(qs)
      m = MatMul(qh, kh)  z = Softmax<axis = -1>(m)  o = MatMul(z, vh)
      oh = Transpose<perm = [0, 2, 1, 3]>(o)  y = Reshape(oh, join)
    }
    """
  }

  @Test("An attention of quantized products needs few bits, one of floats all", arguments: [("d", 8), ("f", nil)])
  func narrows(keysBy weights: String, bits: Int64?) throws {
    let graph = try GraphText.parse(Self.attention(keysBy: weights)).graph
    let types = try TypeInference.infer(graph).compactMapValues(\.tensorType)
    let nodes = RewriteEngine().apply(to: graph, types: types).graph.nodes
    let attention = try #require(nodes.first { $0.opType == "ScaledDotProductAttention" })
    let found: Int64? = if case .int(let value) = attention.attributes["operand_bits"] { value } else { nil }
    #expect(found == bits)
  }
}
