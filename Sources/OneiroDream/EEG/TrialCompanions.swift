import OneiroGraph

/// What may stand beside trials in a file, a row for each.
struct TrialCompanions {
  /// The class of the picture that was shown, [N].
  var labels: [Int64]?
  /// The noise to start each picture from, float32 [N,C,h,w].
  var noise: Tensor?
  /// The pictures that were shown, uint8 [N,H,W,3].
  var images: Tensor?
  /// The same as files.
  var shown: ShownPictures?
  var origins: TrialOrigins

  init(
    labels: [Int64]? = nil, noise: Tensor? = nil, images: Tensor? = nil, shown: ShownPictures? = nil,
    origins: TrialOrigins
  ) {
    (self.labels, self.noise, self.images, self.shown, self.origins) = (labels, noise, images, shown, origins)
  }

  /// `label` (integers [N]), `x_T` (floats [N,C,h,w]), `image` (uint8 [N,H,W,3]) and those of `TrialOrigins`.
  /// - count: N.
  /// - source: what errors call the file.
  init(_ arrays: [String: Tensor], count: Int, source: String) throws(DreamError) {
    func array(_ name: String, _ expected: String, _ fits: (Tensor) -> Bool) throws(DreamError) -> Tensor? {
      guard let array = arrays[name] else { return nil }
      guard fits(array), array.dims[0] == count else {
        throw .mismatch(
          at: "\(source): \(name)", expected: "\(expected) because there are \(count) trials",
          found: "\(TensorType(array.elementType, dims: array.dims))")
      }
      return array
    }
    func integers(_ name: String) throws(DreamError) -> [Int64]? {
      try array(name, "integers [\(count)]") { $0.elementType.isInteger && $0.rank == 1 }?.int64s()
    }
    labels = try integers("label")
    noise = try array("x_T", "floats [\(count),C,h,w]") { $0.elementType.isFloatingPoint && $0.rank == 4 }
      .map(Recording.floats)
    images = try array("image", "uint8 [\(count),H,W,3]") {
      $0.elementType == .uint8 && $0.rank == 4 && $0.dims[3] == 3
    }
    origins = try TrialOrigins(array: integers)
  }

  /// Those of some trials.
  func rows(_ indices: [Int]) -> TrialCompanions {
    TrialCompanions(
      labels: labels.map { labels in indices.map { labels[$0] } }, noise: noise?.rows(indices),
      images: images?.rows(indices),
      shown: shown.map { shown in ShownPictures(files: indices.map { shown.files[$0] }) },
      origins: origins.rows(indices))
  }
}
