extension Operators {
  /// Domain ai.onnx.ml: what classical learners are made of.
  static let learning: [any Operator.Type] = [
    ArrayFeatureExtractor.self,
    Binarizer.self,
    LabelEncoder.self,
    TreeEnsemble.self,
  ]

  static let learningDomain = "ai.onnx.ml"
}
