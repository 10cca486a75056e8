import OneiroGraph

/// The layers that the architectures are made of. `path` is the module's name in the checkpoint without the prefix.
extension NetworkBuilder {
  /// y = x W^T + b on the last axis. The graph keeps W transposed, [in, out], as a matrix product takes it.
  mutating func linear(
    _ x: ValueName, _ path: String, _ input: Int, _ output: Int, bias: Bool = true
  ) throws(GraphError) -> ValueName {
    let weight = try weight("\(path).weight", [output, input]) { $0.transposed() }
    guard bias else { return node("MatMul", [x, weight], path) }
    let product = node("MatMul", [x, weight], "\(path).matmul")
    return node("Add", [product, try self.weight("\(path).bias", [output])], path)
  }

  /// A convolution over as many spatial axes as `kernel` has.
  /// - pads: begins, then ends.
  mutating func conv(
    _ x: ValueName, _ path: String, _ input: Int, _ output: Int, kernel: [Int], stride: Int = 1, pads: [Int]? = nil,
    bias: Bool = true
  ) throws(GraphError) -> ValueName {
    var inputs = [x, try weight("\(path).weight", [output, input] + kernel)]
    if bias { inputs.append(try weight("\(path).bias", [output])) }
    return node(
      "Conv", inputs, path,
      [
        "kernel_shape": .ints(kernel.map(Int64.init)),
        "strides": .ints(kernel.map { _ in Int64(stride) }),
        "pads": .ints((pads ?? kernel.map { $0 / 2 } + kernel.map { $0 / 2 }).map(Int64.init)),
      ])
  }

  mutating func groupNorm(
    _ x: ValueName, _ path: String, _ channels: Int, groups: Int, epsilon: Float
  ) throws(GraphError) -> ValueName {
    let inputs = [x, try weight("\(path).weight", [channels]), try weight("\(path).bias", [channels])]
    return node("GroupNormalization", inputs, path, ["num_groups": .int(Int64(groups)), "epsilon": .float(epsilon)])
  }

  mutating func layerNorm(_ x: ValueName, _ path: String, _ width: Int, epsilon: Float = 1e-5) throws(GraphError)
    -> ValueName
  {
    let inputs = [x, try weight("\(path).weight", [width]), try weight("\(path).bias", [width])]
    return node("LayerNormalization", inputs, path, ["axis": .int(-1), "epsilon": .float(epsilon)])
  }

  /// x sigmoid(x)
  mutating func silu(_ x: ValueName, _ path: String) -> ValueName {
    node("Mul", [x, node("Sigmoid", [x], "\(path).sigmoid")], path)
  }

  /// Softmax(q k^T / sqrt(width / heads)) v, heads side by side on the last axis.
  /// - q: [N, T, width]. k, v: [N, S, width].   Returns: [N, T, width].
  mutating func attention(
    q: ValueName, k: ValueName, v: ValueName, _ path: String, width: Int, heads: Int
  ) -> ValueName {
    let split = integers([0, 0, heads, width / heads])
    let scale = scalar(Float(1 / Double(width / heads).squareRoot()))
    let scaled = node("Mul", [q, scale], "\(path).q_scaled")
    func inHeads(_ value: ValueName, _ name: String, _ order: [Int64]) -> ValueName {
      let reshaped = node("Reshape", [value, split], "\(path).\(name)_split")
      return node("Transpose", [reshaped], "\(path).\(name)_heads", ["perm": .ints(order)])
    }
    let scores = node(
      "MatMul", [inHeads(scaled, "q", [0, 2, 1, 3]), inHeads(k, "k", [0, 2, 3, 1])], "\(path).scores")
    let shares = node("Softmax", [scores], "\(path).softmax", ["axis": .int(-1)])
    let mixed = node("MatMul", [shares, inHeads(v, "v", [0, 2, 1, 3])], "\(path).mix")
    let joined = node("Transpose", [mixed], "\(path).mix_joined", ["perm": .ints([0, 2, 1, 3])])
    return node("Reshape", [joined, integers([0, 0, width])], "\(path).heads")
  }

  /// [N, C, spatial...] as [N, positions, C].
  mutating func tokens(_ x: ValueName, _ path: String, _ channels: Int) -> ValueName {
    let flat = node("Reshape", [x, integers([0, channels, -1])], "\(path).flat")
    return node("Transpose", [flat], "\(path).tokens", ["perm": .ints([0, 2, 1])])
  }

  /// [N, positions, C] in the shape of `like`, [N, C, spatial...].
  mutating func picture(_ tokens: ValueName, _ path: String, like: ValueName) -> ValueName {
    let flat = node("Transpose", [tokens], "\(path).channels", ["perm": .ints([0, 2, 1])])
    return node("Reshape", [flat, node("Shape", [like], "\(path).shape")], "\(path).picture")
  }

  /// Each pixel twice in both directions.
  mutating func upsample(_ x: ValueName, _ path: String) -> ValueName {
    let scales = constant("float.scales", Tensor([1, 1, 2, 2] as [Float], dims: [4]))
    return node(
      "Resize", [x, "", scales], path,
      [
        "mode": .string("nearest"), "coordinate_transformation_mode": .string("asymmetric"),
        "nearest_mode": .string("floor"),
      ])
  }

  /// A weight [1, 1, width] once for each item of the batch: [N, 1, width].
  /// - like: a value whose first axis is the batch.
  mutating func perItem(_ token: ValueName, _ path: String, width: Int, like: ValueName) -> ValueName {
    let batch = node("Shape", [like], "\(path).batch", ["start": .int(0), "end": .int(1)])
    let shape = node("Concat", [batch, integers([1, width])], "\(path).expanded_shape", ["axis": .int(0)])
    return node("Expand", [token, shape], "\(path).expanded")
  }
}
