extension Operators {
  static let quantization: [any Operator.Type] = [
    ConvInteger.self, DequantizeLinear.self, DynamicQuantizeLinear.self, QLinearConv.self, QLinearMatMul.self,
    QuantizeLinear.self,
  ]
}
