/// What the passes that fuse whole operators do, and where they stand back.
extension RewriteTests {
  static let fusions = [
    Example(
      testDescription: "a group normalization with its SiLU",
      text: """
        g (float[2,4,3,5] x) => (float[2,4,3,5] y) <float[4] w = {0.5, 2.0, -1.0, 3.0}, float[4] b = {1.0, 0.0, -2.0, 0.25}> {
          n = GroupNormalization<num_groups = 2>(x, w, b)  s = Sigmoid(n)  y = Mul(n, s)
        }
        """, expected: ["FusedGroupNormalization"]),
    Example(
      testDescription: "a group normalization that somebody else reads stays",
      text: """
        g (float[2,4,3] x) => (float[2,4,3] y, float[2,4,3] n) <float[4] w = {0.5, 2.0, -1.0, 3.0}, float[4] b = {1.0, 0.0, -2.0, 0.25}> {
          n = GroupNormalization<num_groups = 2>(x, w, b)  y = Relu(n)
        }
        """, expected: ["GroupNormalization", "Relu"]),
    Example(
      testDescription: "a GEGLU of a Split",
      text: """
        g (float[2,3,8] x) => (float[2,3,4] y) { a, b = Split<axis = -1, num_outputs = 2>(x)  g = Gelu(b)  y = Mul(a, g) }
        """, expected: ["GEGLU"]),
    Example(
      testDescription: "a GEGLU of two Slices",
      text: """
        g (float[2,8] x) => (float[2,4] y) <int64[1] zero = {0}, int64[1] four = {4}, int64[1] end = {8}, int64[1] axis = {1}> {
          a = Slice(x, zero, four, axis)  b = Slice(x, four, end, axis)  g = Gelu(b)  y = Mul(g, a)
        }
        """, expected: ["GEGLU"]),
    Example(
      testDescription: "a gate that is the first half stays",
      text: """
        g (float[2,3,8] x) => (float[2,3,4] y) { a, b = Split<axis = -1, num_outputs = 2>(x)  g = Gelu(a)  y = Mul(b, g) }
        """, expected: ["Split", "Gelu", "Mul"]),
    Example(
      testDescription: "halves along another axis stay",
      text: """
        g (float[8,4] x) => (float[4,4] y) { a, b = Split<axis = 0, num_outputs = 2>(x)  g = Gelu(b)  y = Mul(a, g) }
        """, expected: ["Split", "Gelu", "Mul"]),
    Example(
      testDescription: "a residual behind a convolution, and a Relu behind that",
      text: """
        g (float[1,1,4,4] x) => (float[1,2,3,3] y) <float[2,1,2,2] w = {1.0, 2.0, 3.0, 4.0, -1.0, 0.5, 0.25, 2.0}> {
          a = Conv(x, w)  z = Neg(a)  c = Conv(x, w)  s = Add(z, c)  y = Relu(s)
        }
        """, expected: ["Conv", "Neg", "Identity", "Add", "Relu"]),
    Example(
      testDescription: "what is added to each channel",
      text: """
        g (float[1,1,4,4] x, float[1,2,1,1] z) => (float[1,2,3,3] y) <float[2,1,2,2] w = {1.0, 2.0, 3.0, 4.0, -1.0, 0.5, 0.25, 2.0}, float[2] b = {1.0, -1.0}> {
          c = Conv(x, w, b)  s = Add(c, z)  y = Relu(s)
        }
        """, expected: ["FusedConv"]),
    Example(
      testDescription: "of two convolutions the later takes in the other",
      text: """
        g (float[1,1,4,4] x) => (float[1,2,3,3] y) <float[2,1,2,2] w = {1.0, 2.0, 3.0, 4.0, -1.0, 0.5, 0.25, 2.0}, float[2,1,2,2] v = {1.0, 0.0, 3.0, 4.0, -1.0, 0.5, 0.0, 2.0}> {
          a = Conv(x, w)  c = Conv(x, v)  y = Add(a, c)
        }
        """, expected: ["Conv", "FusedConv"]),
    Example(
      testDescription: "what broadcasts along rows is no residual",
      text: """
        g (float[1,1,4,4] x, float[1,1,3,3] z) => (float[1,2,3,3] y) <float[2,1,2,2] w = {1.0, 2.0, 3.0, 4.0, -1.0, 0.5, 0.25, 2.0}> {
          c = Conv(x, w)  y = Add(c, z)
        }
        """, expected: ["Conv", "Add"]),
    Example(
      testDescription: "a residual behind a product and its views",
      text: """
        g (float[2,3,2] x, float[2,3,3] z) => (float[2,3,3] y)
        <float[2,3] w = {1.0, 2.0, 3.0, 4.0, 5.0, 6.0}, float[3] b = {0.5, -1.0, 2.0}> { p = MatMul(x, w)  s = Add(b, p)  y = Add(z, s) }
        """, expected: ["Reshape", "Reshape", "FusedGemm", "Reshape"]),
    Example(
      testDescription: "an activation behind a product and its views",
      text: """
        g (float[2,3,2] x) => (float[2,3,3] y)
        <float[2,3] w = {1.0, 2.0, 3.0, 4.0, 5.0, 6.0}, float[3] b = {0.5, -1.0, 2.0}> { p = MatMul(x, w)  s = Add(b, p)  y = Tanh(s) }
        """, expected: ["Reshape", "FusedGemm", "Reshape"]),
    Example(
      testDescription: "a product that somebody else reads keeps its activation outside",
      text: """
        g (float[3,2] x) => (float[3,3] y, float[3,3] p) <float[2,3] w = {1.0, 2.0, 3.0, 4.0, 5.0, 6.0}, float[3] b = {0.5, -1.0, 2.0}> {
          p = Gemm(x, w, b)  y = Relu(p)
        }
        """, expected: ["Gemm", "Relu"]),
    Example(
      testDescription: "a second activation stays",
      text: """
        g (float[3,2] x) => (float[3,3] y) <float[2,3] w = {1.0, 2.0, 3.0, 4.0, 5.0, 6.0}, float[3] b = {0.5, -1.0, 2.0}> {
          p = Gemm(x, w, b)  r = Relu(p)  y = Tanh(r)
        }
        """, expected: ["FusedGemm", "Tanh"]),
    Example(
      testDescription: "a batch normalization behind a convolution",
      text: """
        g (float[1,1,4,4] x) => (float[1,2,3,3] y)
        <float[2,1,2,2] w = {1.0, 2.0, 3.0, 4.0, -1.0, 0.5, 0.25, 2.0}, float[2] b = {1.0, -1.0}, float[2] s = {0.5, 2.0},
         float[2] o = {0.1, 0.2}, float[2] m = {1.0, -2.0}, float[2] v = {4.0, 0.25}> {
          c = Conv(x, w, b)  y = BatchNormalization<epsilon = 0.01>(c, s, o, m, v)
        }
        """, expected: ["Conv"]),
    Example(
      testDescription: "an enlarged image that is convolved and activated",
      text: """
        g (float[1,1,3,2] x) => (float[1,1,6,4] y)
        <float[1,1,3,3] w = {1.0, 2.0, 3.0, 4.0, -1.0, 0.5, 0.25, 2.0, -3.0}, float[4] s = {1.0, 1.0, 2.0, 2.0}> {
          r = Resize<nearest_mode = "floor", coordinate_transformation_mode = "asymmetric">(x, , s)
          c = Conv<pads = [1, 1, 1, 1]>(r, w)  y = Relu(c)
        }
        """, expected: ["UpsampledConv"]),
    Example(
      testDescription: "places that are rounded to the nearest of half pixels",
      text: """
        g (float[1,1,3,2] x) => (float[1,1,6,4] y)
        <float[1,1,3,3] w = {1.0, 2.0, 3.0, 4.0, -1.0, 0.5, 0.25, 2.0, -3.0}, int64[4] n = {1, 1, 6, 4}> {
          r = Resize<nearest_mode = "round_prefer_ceil">(x, , , n)  y = Conv<pads = [1, 1, 1, 1]>(r, w)
        }
        """, expected: ["UpsampledConv"]),
    Example(
      testDescription: "places that are rounded up stay",
      text: """
        g (float[1,1,3,2] x) => (float[1,1,6,4] y)
        <float[1,1,3,3] w = {1.0, 2.0, 3.0, 4.0, -1.0, 0.5, 0.25, 2.0, -3.0}, float[4] s = {1.0, 1.0, 2.0, 2.0}> {
          r = Resize<nearest_mode = "ceil", coordinate_transformation_mode = "asymmetric">(x, , s)
          y = Conv<pads = [1, 1, 1, 1]>(r, w)
        }
        """, expected: ["Resize", "Conv"]),
    Example(
      testDescription: "an image that grows by other factors stays",
      text: """
        g (float[1,1,3,2] x) => (float[1,1,6,6] y)
        <float[1,1,3,3] w = {1.0, 2.0, 3.0, 4.0, -1.0, 0.5, 0.25, 2.0, -3.0}, float[4] s = {1.0, 1.0, 2.0, 3.0}> {
          r = Resize<nearest_mode = "floor", coordinate_transformation_mode = "asymmetric">(x, , s)
          y = Conv<pads = [1, 1, 1, 1]>(r, w)
        }
        """, expected: ["Resize", "Conv"]),
    Example(
      testDescription: "filters without padding stay behind the enlarging",
      text: """
        g (float[1,1,3,2] x) => (float[1,1,4,2] y)
        <float[1,1,3,3] w = {1.0, 2.0, 3.0, 4.0, -1.0, 0.5, 0.25, 2.0, -3.0}, float[4] s = {1.0, 1.0, 2.0, 2.0}> {
          r = Resize<nearest_mode = "floor", coordinate_transformation_mode = "asymmetric">(x, , s)  y = Conv(r, w)
        }
        """, expected: ["Resize", "Conv"]),
    Example(
      testDescription: "an enlarged image that somebody else reads stays",
      text: """
        g (float[1,1,3,2] x) => (float[1,1,6,4] y, float[1,1,6,4] r)
        <float[1,1,3,3] w = {1.0, 2.0, 3.0, 4.0, -1.0, 0.5, 0.25, 2.0, -3.0}, float[4] s = {1.0, 1.0, 2.0, 2.0}> {
          r = Resize<nearest_mode = "floor", coordinate_transformation_mode = "asymmetric">(x, , s)
          y = Conv<pads = [1, 1, 1, 1]>(r, w)
        }
        """, expected: ["Resize", "Conv"]),
    Example(
      testDescription: "halves of two values stay",
      text: """
        g (float[2,4] x) => (float[2,4] y) { a = Neg(x)  b = Abs(x)  g = Gelu(b)  y = Mul(a, g) }
        """, expected: ["Neg", "Abs", "Gelu", "Mul"]),
    Example(
      testDescription: "a layer normalization that is added to itself stays",
      text: """
        g (float[8] x) => (float[8] y)
        <int64[1] last = {-1}, float two = {2.0}, float e = {0.001}, float[8] w = {0.5, 2.0, -1.0, 3.0, 1.0, 1.0, 2.0, 0.1}> {
          m = ReduceMean(x, last)  d = Sub(x, m)  s = Pow(d, two)  v = ReduceMean(s, last)  a = Add(v, e)  r = Sqrt(a)
          n = Div(d, r)  p = Mul(n, w)  y = Add(p, p)
        }
        """, expected: ["ReduceMean", "Sub", "Pow", "ReduceMean", "Add", "Sqrt", "Div", "Mul", "Add"]),
    Example(
      testDescription: "the same function of the same value",
      text: "g (float[3,7] x) => (float[3,7] y) { a = Exp(x)  b = Exp(x)  y = Mul(a, b) }",
      expected: ["Exp", "Identity", "Mul"]),
    Example(
      testDescription: "the same function with other attributes stays",
      text: "g (float[3,7] x) => (float[3,7] y) { a = Elu<alpha = 1.0>(x)  b = Elu<alpha = 2.0>(x)  y = Mul(a, b) }",
      expected: ["Elu", "Elu", "Mul"]),
    Example(
      testDescription: "transposes that undo each other",
      text: """
        g (float[2,3,4] x) => (float[2,3,4] y) { a = Transpose<perm = [2, 0, 1]>(x)  b = Transpose<perm = [1, 2, 0]>(a)  y = Neg(b) }
        """, expected: ["Identity", "Neg"]),
    Example(
      testDescription: "transposes that come to another one",
      text: """
        g (float[2,3,4] x) => (float[4,3,2] y) { a = Transpose<perm = [2, 0, 1]>(x)  y = Transpose<perm = [0, 2, 1]>(a) }
        """, expected: ["Transpose"]),
    Example(
      testDescription: "a layer normalization spelled out",
      text: """
        g (float[2,3,4] x) => (float[2,3,4] y)
        <int64[1] last = {-1}, float two = {2.0}, float e = {0.001}, float[4] w = {0.5, 2.0, -1.0, 3.0}, float[4] b = {1.0, 0.0, -2.0, 0.25}> {
          m = ReduceMean(x, last)  d = Sub(x, m)  s = Pow(d, two)  v = ReduceMean(s, last)  a = Add(v, e)  r = Sqrt(a)
          n = Div(d, r)  p = Mul(n, w)  y = Add(p, b)
        }
        """, expected: ["LayerNormalization"]),
    Example(
      testDescription: "a layer normalization whose deviation is read outside stays",
      text: """
        g (float[2,4] x) => (float[2,4] y, float[2,4] d)
        <int64[1] last = {-1}, float e = {0.001}, float[4] w = {0.5, 2.0, -1.0, 3.0}, float[4] b = {1.0, 0.0, -2.0, 0.25}> {
          m = ReduceMean(x, last)  d = Sub(x, m)  s = Mul(d, d)  v = ReduceMean(s, last)  a = Add(v, e)  r = Sqrt(a)
          n = Div(d, r)  p = Mul(n, w)  y = Add(p, b)
        }
        """, expected: ["ReduceMean", "Sub", "Mul", "ReduceMean", "Add", "Sqrt", "Div", "Mul", "Add"]),
    Example(
      testDescription: "the tanh form of a Gelu",
      text: """
        g (float[5,9] x) => (float[5,9] y)
        <float three = {3.0}, float c = {0.044715}, float f = {0.7978846}, float one = {1.0}, float half = {0.5}> {
          p = Pow(x, three)  k = Mul(c, p)  s = Add(x, k)  i = Mul(s, f)  t = Tanh(i)  a = Add(t, one)  h = Mul(x, half)  y = Mul(h, a)
        }
        """, expected: ["Gelu"]),
    Example(
      testDescription: "the tanh form with products for the cube and the half behind",
      text: """
        g (float[5,9] x) => (float[5,9] y)
        <float c = {0.044715}, float f = {0.7978846}, float one = {1.0}, float half = {0.5}> {
          q = Mul(x, x)  p = Mul(x, q)  k = Mul(p, c)  s = Add(k, x)  i = Mul(f, s)  t = Tanh(i)  a = Add(one, t)  m = Mul(x, a)  y = Mul(half, m)
        }
        """, expected: ["Gelu"]),
  ]
}
