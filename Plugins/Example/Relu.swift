import COneiroKernel

/// Relu, ai.onnx opset 14: https://onnx.ai/onnx/operators/onnx__Relu.html
///
///     Y = max(X, 0)     element by element, in float32
enum Relu {
  /// Says whether `compute` can run this node. A no carries a reason, which `oneiro kernels` and the summary print;
  /// the host then asks the next plugin.
  static func supports(_ node: oneiro_node, _ why: UnsafeMutablePointer<oneiro_text>?) -> Int32 {
    guard node.input_count == 1, node.output_count == 1 else {
      return oneiro_say(why, Int32(ONEIRO_UNSUPPORTED), "expected one input and one output")
    }
    let x = node.inputs[0]
    let y = node.outputs[0]
    guard x.element_type == Int32(ONEIRO_FLOAT32), y.element_type == Int32(ONEIRO_FLOAT32) else {
      return oneiro_say(why, Int32(ONEIRO_UNSUPPORTED), "only float32 is supported")
    }
    guard x.rank == y.rank, (0..<Int(x.rank)).allSatisfy({ x.dims[$0] == y.dims[$0] }) else {
      return oneiro_say(why, Int32(ONEIRO_UNSUPPORTED), "input and output differ in shape")
    }
    // Where an element lies does not matter to a Relu, only that it lies at the same place on both sides. That holds
    // for every layout, also for one that another plugin has packed.
    guard x.layout == y.layout else {
      return oneiro_say(why, Int32(ONEIRO_UNSUPPORTED), "input and output differ in layout")
    }
    return Int32(ONEIRO_OK)
  }

  /// Runs the node. Several threads may be in here at once, each with a call of its own, and nothing is allocated.
  static func compute(_ call: oneiro_call) -> Int32 {
    // The bytes and not the shape: a packed layout may hold padding, and then that is copied as well.
    let count = call.outputs[0].byte_count / MemoryLayout<Float>.stride
    // A tensor without elements may have no memory either.
    guard count > 0 else { return Int32(ONEIRO_OK) }
    let x = call.inputs[0].data.assumingMemoryBound(to: Float.self)
    let y = call.outputs[0].data.assumingMemoryBound(to: Float.self)
    for index in 0..<count {
      // A NaN is not below 0 and so passes through. max(x, 0) could turn it into 0 and hide where it came from.
      y[index] = x[index] < 0 ? 0 : x[index]
    }
    return Int32(ONEIRO_OK)
  }
}
