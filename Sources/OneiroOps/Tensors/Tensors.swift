extension Operators {
  static let tensors: [any Operator.Type] = [
    Concat.self,
    Constant.self,
    ConstantOfShape.self,
    Expand.self,
    Flatten.self,
    Gather.self,
    Identity.self,
    Pad.self,
    Reshape.self,
    Resize.self,
    ShapeOf.self,
    Slice.self,
    Split.self,
    Squeeze.self,
    Transpose.self,
    Unsqueeze.self,
  ]
}
