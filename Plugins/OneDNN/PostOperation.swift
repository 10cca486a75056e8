import CDNNL

/// What is done to each element of a primitive's result before it is written.
enum PostOperation {
  /// Adds a tensor that broadcasts to the result, or multiplies with it: the argument `PrimitiveArgument.operand(at:)`.
  case add(MemoryDescription)
  case multiply(MemoryDescription)
  case activation(dnnl_alg_kind_t)
  /// y * factor + summand; once in a list, as oneDNN 2.6 is wrong with two.
  case affine(factor: Float, summand: Float)

  private var hasOperand: Bool {
    switch self {
    case .add, .multiply: true
    case .activation, .affine: false
    }
  }

  /// The arguments of a primitive with a list of post-operations.
  /// - operands: tensors of its additions and multiplications, in their order.
  static func arguments(_ list: [PostOperation], _ operands: [Int]) -> [(number: Int32, tensor: Int)] {
    zip(list.indices.filter { list[$0].hasOperand }, operands).map { (PrimitiveArgument.operand(at: $0), $1) }
  }

  fileprivate func append(to operations: dnnl_post_ops_t?) throws(KernelError) {
    switch self {
    case .add(var added):
      try check(dnnl_post_ops_append_binary(operations, dnnl_binary_add, &added), "appending an addition")
    case .multiply(var factor):
      try check(dnnl_post_ops_append_binary(operations, dnnl_binary_mul, &factor), "appending a multiplication")
    case .activation(let activation):
      let alpha: Float = activation == dnnl_eltwise_swish ? 1 : 0
      try check(dnnl_post_ops_append_eltwise(operations, 1, activation, alpha, 0), "appending an activation")
    case .affine(let factor, let summand):
      try check(
        dnnl_post_ops_append_eltwise(operations, 1, dnnl_eltwise_linear, factor, summand), "appending a scale")
    }
  }
}

extension [PostOperation] {
  static func ending(adding added: MemoryDescription?, activation: dnnl_alg_kind_t?) -> [PostOperation] {
    [added.map { .add($0) }, activation.map { .activation($0) }].compactMap { $0 }
  }
}

extension PrimitiveAttributes {
  func set(_ list: [PostOperation]) throws(KernelError) {
    guard !list.isEmpty else { return }
    var operations: dnnl_post_ops_t?
    try check(dnnl_post_ops_create(&operations), "creating post-operations")
    defer { dnnl_post_ops_destroy(operations) }
    for operation in list { try operation.append(to: operations) }
    try check(dnnl_primitive_attr_set_post_ops(raw, operations), "setting post-operations")
  }
}

extension PrimitiveArgument {
  /// The tensor of an addition or a multiplication that stands at `index` in the list of post-operations; oneDNN's header
  /// writes it as a macro with a parameter.
  static func operand(at index: Int) -> Int32 {
    Int32(DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE) * Int32(index + 1) | Int32(DNNL_ARG_SRC_1)
  }
}
