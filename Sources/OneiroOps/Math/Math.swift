extension Operators {
  static let math: [any Operator.Type] = [
    Add.self, Cast.self, CastLike.self, Clip.self, Cos.self, Div.self, Erf.self, Exp.self, Gemm.self, Log.self, MatMul.self,
    Mul.self, Neg.self, Pow.self, Relu.self, SiLU.self, Sigmoid.self, Sin.self, Softmax.self, Sqrt.self, Sub.self, Tanh.self,
  ]
}
