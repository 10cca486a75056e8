extension Operators {
  static let quantization: [any Operator.Type] = [

  ]
}
