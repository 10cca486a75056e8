/// The lists that every kernel meets, whichever plugin it comes from.
package enum Conformance {
  package static let all: [Case] =
    unary + clip + binary + integerArithmetic + severalOperands + comparison + logic + cast + matMul + gemm
    + splitProducts + conv
    + convTranspose + attention
    + pools + softmax + rows + channels + lpNormalization + reductions + argMax + transpose + strided + joining + gather
    + pad
    + choosing + resize + recurrences + fused + upsampled + QuantizedCases.all + weightQuantizedGemm
    + weightQuantizedConv

  /// Those, and what only large convolutions reach. Some kernels run at none but the levels where they pay.
  package static let allWithLarge: [Case] = all + WinogradShape.all.map { $0.layer() } + QuantizedCases.winograd

  /// Plans make views of these operators, so that no kernel of theirs is ever asked.
  package static let views: Set = ["Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity"]
}
