import OneiroDream

/// One row of the result: a number that is computed for each trial, whoever answers.
public enum Measure: Sendable, Hashable {
  /// N-way top-K accuracy of the picture's class.
  case classAccuracy(ways: Int, topK: Int)
  /// How alike the picture and its truth are.
  case distance(Distance)
  /// The share of other truths that the own one is better than.
  case pairwise(Distance)
  /// Whether the own truth is better than ways - 1 others.
  case nWay(Distance, ways: Int)
  /// The cosine between the embeddings of the picture and its truth.
  case clipSimilarity
  /// Whether the own truth is among the K whose embeddings are nearest, of so many.
  case retrieval(among: Int, topK: Int)

  /// How two pictures are compared.
  public enum Distance: String, Sendable, CaseIterable {
    case mse, pcc, ssim, lpips
    public var isBetterWhenLarger: Bool { self == .pcc || self == .ssim }
    /// Those that need no network.
    var metric: PictureMetric? { PictureMetric(rawValue: rawValue) }
  }

  public var key: String {
    switch self {
    case .classAccuracy(let ways, let topK): "\(ways)_way_top_\(topK)"
    case .distance(let distance): distance.rawValue
    case .pairwise(let distance): "\(distance.rawValue)_pairwise"
    case .nWay(let distance, let ways): "\(distance.rawValue)_\(ways)_way"
    case .clipSimilarity: "clip_similarity"
    case .retrieval(let among, let topK): "\(among)_way_retrieval_top_\(topK)"
    }
  }

  public var title: String {
    switch self {
    case .classAccuracy(let ways, let topK): "\(ways)-way top-\(topK)"
    case .distance(let distance): distance.rawValue.uppercased()
    case .pairwise(let distance): "\(distance.rawValue.uppercased()) pair-wise"
    case .nWay(let distance, let ways): "\(distance.rawValue.uppercased()) \(ways)-way"
    case .clipSimilarity: "CLIP similarity"
    case .retrieval(let among, let topK): "retrieval of \(among), top-\(topK)"
    }
  }

  public var explanation: String {
    switch self {
    case .classAccuracy(let ways, let topK):
      "Whether the classifier puts the class of what was shown among the \(topK) likeliest of it and \(ways - 1) others."
    case .distance(.mse): "Mean squared difference of levels 0 ... 255."
    case .distance(.pcc): "Pearson's correlation of levels."
    case .distance(.ssim): "Structural similarity in windows of 7 x 7."
    case .distance(.lpips): "Distance by the network that was given as lpips."
    case .pairwise(let distance):
      "Share of other true pictures that the own one is better than by \(distance.rawValue.uppercased())."
    case .nWay(let distance, let ways):
      "Whether the own true picture is better than \(ways - 1) others by \(distance.rawValue.uppercased())."
    case .clipSimilarity: "Cosine between the embeddings of the picture and of what was shown."
    case .retrieval(let among, let topK):
      "Whether what was shown is among the \(topK) nearest of \(among) true pictures, by embedding."
    }
  }

  public var isBetterWhenLarger: Bool {
    if case .distance(let distance) = self { distance.isBetterWhenLarger } else { true }
  }

  /// What guessing is worth, where that is known.
  public var chance: Double? {
    switch self {
    case .classAccuracy(let ways, let topK): Double(topK) / Double(ways)
    case .retrieval(let among, let topK): Double(topK) / Double(among)
    case .pairwise: 0.5
    case .nWay(_, let ways): 1 / Double(ways)
    case .distance, .clipSimilarity: nil
    }
  }
}
