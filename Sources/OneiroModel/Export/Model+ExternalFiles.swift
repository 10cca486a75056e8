import OneiroGraph

extension Model {
  /// Refuses to write a file that holds the model's own weights, which nobody could read any more.
  /// - path: of what is about to be written.
  public func checkKeepsWeights(writing path: String) throws(GraphError) {
    guard let real = ExternalData.realPath(path), externalFiles.contains(real) else { return }
    throw .mismatch(
      file: path, nil, expected: "a file to write that is not also read", found: "the weights of the model")
  }
}
