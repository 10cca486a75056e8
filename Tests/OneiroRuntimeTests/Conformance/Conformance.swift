/// The lists that every kernel meets, whichever plugin it comes from.
enum Conformance {
  static let all: [Case] =
    unary + clip + binary + integerArithmetic + severalOperands + comparison + logic + cast + matMul + gemm + conv
    + convTranspose + attention
    + pools + softmax + rows + channels + lpNormalization + reductions + argMax + transpose + strided + joining + gather
    + pad
    + choosing + resize + recurrences + fused + quantized + weightQuantizedGemm + weightQuantizedConv
}
