extension Operators {
  static let math: [any Operator.Type] = [
    Abs.self, Acos.self, Acosh.self, Adagrad.self, Adam.self, Add.self, ArgMax.self, ArgMin.self, Asin.self,
    Asinh.self, Atan.self, Atanh.self, Bernoulli.self, BitCast.self, BitShift.self, BitwiseAnd.self, BitwiseNot.self,
    BitwiseOr.self, BitwiseXor.self, BlackmanWindow.self, Cast.self, CastLike.self, Ceil.self, Celu.self,
    Clip.self, Cos.self, Cosh.self, CumProd.self, CumSum.self, DFT.self, Det.self, Div.self, Einsum.self, Elu.self,
    Erf.self, Exp.self, EyeLike.self, Floor.self, Gelu.self, Gemm.self, Gradient.self, HammingWindow.self,
    HannWindow.self,
    HardSigmoid.self, HardSwish.self, Hardmax.self, IsInf.self, IsNaN.self, LeakyRelu.self, Log.self,
    LogSoftmax.self, MatMul.self, MatMulInteger.self, Max.self, Mean.self, MelWeightMatrix.self, Min.self,
    Mish.self, Mod.self, Momentum.self, Mul.self, Multinomial.self, Neg.self, NegativeLogLikelihoodLoss.self,
    PRelu.self, Pow.self, RandomNormal.self, RandomNormalLike.self, RandomUniform.self,
    RandomUniformLike.self, RangeOperator.self, Reciprocal.self, Relu.self, Round.self, STFT.self, Selu.self,
    Shrink.self, SiLU.self, Sigmoid.self, Sign.self, Sin.self, Sinh.self, Softmax.self,
    SoftmaxCrossEntropyLoss.self, Softplus.self, Softsign.self, Sqrt.self, Sub.self, Sum.self, SumTo.self, SwiGLU.self,
    Swish.self,
    Tan.self,
    Tanh.self, ThresholdedRelu.self, TopK.self,
  ]
}
