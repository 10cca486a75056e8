extension Operators {
  static let images: [any Operator.Type] = [ImageDecoder.self]
}
