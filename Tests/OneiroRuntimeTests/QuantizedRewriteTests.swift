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
      testDescription: "weights alone become constants again",
      text: """
        g (float[3,4] x) => (float[3,2] y) <int8[4,2] w = {1, -2, 3, 4, -5, 60, 7, -128}, float[2] v = {0.5, 0.25}> {
          d = DequantizeLinear<axis = 1>(w, v)  y = MatMul(x, d)
        }
        """, expected: ["MatMul"]),
    Example(
      testDescription: "weights whose zero point is not zero stay floats",
      text: """
        g (float[3,2] x) => (float[3,2] y)
        <float s = {0.05}, uint8 p = {120}, int8[2,2] w = {1, -2, 3, 4}, float v = {0.5}, int8 o = {5}> {
          q = QuantizeLinear(x, s, p)  a = DequantizeLinear(q, s, p)  d = DequantizeLinear(w, v, o)  y = MatMul(a, d)
        }
        """, expected: ["QuantizeLinear", "DequantizeLinear", "MatMul"]),
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
      testDescription: "a dynamically quantized convolution",
      text: """
        g (float[1,2,3,3] x) => (float[1,2,2,2] y)
        <int8[2,2,2,2] w = {1, -2, 3, 4, -5, 60, 7, -128, 0, 1, 2, 3, 4, 5, 6, 7}, float[2,1,1] v = {0.5, 0.25}, float[2,1,1] b = {1.0, -1.0}> {
          q, s, p = DynamicQuantizeLinear(x)  i = ConvInteger(q, w, p)  f = Cast<to = 1>(i)  k = Mul(s, v)
          m = Mul(f, k)  y = Add(m, b)
        }
        """, expected: ["DynamicQuantizeLinear", "QuantizedConv"]),
  ]
}
