import OneiroDream
import OneiroPicture

/// Mean and covariance of vectors that come one after the other (Welford 1962).
public struct FeatureMoments: Sendable {
  public private(set) var count = 0
  public private(set) var mean: [Double] = []
  /// [width, width], sums of products of deviations.
  private var products: [Double] = []

  public init() {}

  public mutating func add(_ features: [Float]) {
    if count == 0 {
      mean = [Double](repeating: 0, count: features.count)
      products = [Double](repeating: 0, count: features.count * features.count)
    }
    precondition(features.count == mean.count, "\(features.count) features after \(mean.count)")
    count += 1
    let width = mean.count
    let before = (0..<width).map { Double(features[$0]) - mean[$0] }
    for index in 0..<width { mean[index] += before[index] / Double(count) }
    let after = (0..<width).map { Double(features[$0]) - mean[$0] }
    products.withUnsafeMutableBufferPointer { products in
      for row in 0..<width {
        for column in 0..<width { products[row * width + column] += before[row] * after[column] }
      }
    }
  }

  /// [width, width], divided by count - 1.
  public var covariance: [Double] { products.map { $0 / Double(max(count - 1, 1)) } }
}

/// Fréchet's distance of two normal distributions (Heusel and others 2017):
///
///     |m1 - m2|² + tr(C1 + C2 - 2 (C1^½ C2 C1^½)^½)
public enum FrechetDistance {
  public static func value(_ one: FeatureMoments, _ other: FeatureMoments) -> Double {
    let width = one.mean.count
    precondition(width == other.mean.count)
    guard one.count > 1, other.count > 1 else { return .nan }
    let (first, second) = (one.covariance, other.covariance)
    let root = SymmetricEigen(first, count: width).reassembled { max($0, 0).squareRoot() }
    let inner = multiply(multiply(root, second, width), root, width)
    let crossed = SymmetricEigen(inner, count: width).values.reduce(0) { $0 + max($1, 0).squareRoot() }
    var distance = -2 * crossed
    for index in 0..<width {
      let difference = one.mean[index] - other.mean[index]
      distance += difference * difference + first[index * width + index] + second[index * width + index]
    }
    return max(distance, 0)
  }

  private static func multiply(_ one: [Double], _ other: [Double], _ width: Int) -> [Double] {
    var result = [Double](repeating: 0, count: width * width)
    result.withUnsafeMutableBufferPointer { result in
      one.withUnsafeBufferPointer { one in
        other.withUnsafeBufferPointer { other in
          for row in 0..<width {
            for middle in 0..<width {
              let factor = one[row * width + middle]
              for column in 0..<width {
                result[row * width + column] += factor * other[middle * width + column]
              }
            }
          }
        }
      }
    }
    return result
  }
}

/// Features of what was shown and of what was drawn, by condition.
struct FrechetMoments {
  private let judge: PictureNetwork?
  private var shown = FeatureMoments()
  private var drawn: [(condition: Condition, moments: FeatureMoments)]

  init(judge: PictureNetwork?, conditions: [Condition]) {
    self.judge = judge
    drawn = judge == nil ? [] : conditions.map { ($0, FeatureMoments()) }
  }

  /// A covariance of so many takes a gigabyte.
  private static let mostFeatures = 8192

  mutating func addTruth(_ picture: Picture?) throws(DreamError) {
    guard let judge, let picture else { return }
    let features = try judge.values(picture)
    guard features.count <= Self.mostFeatures else {
      throw .mismatch(at: judge.name, expected: "\(Self.mostFeatures) features or fewer", found: "\(features.count)")
    }
    shown.add(features)
  }

  mutating func add(_ picture: Picture?, _ condition: Condition) throws(DreamError) {
    guard let judge, let picture, let index = drawn.firstIndex(where: { $0.condition == condition }) else { return }
    drawn[index].moments.add(try judge.values(picture))
  }

  /// Nothing with fewer than two pictures on either side.
  func distances() -> [(condition: Condition, distance: Double)] {
    drawn.compactMap { entry in
      guard shown.count > 1, entry.moments.count > 1 else { return nil }
      return (entry.condition, FrechetDistance.value(shown, entry.moments))
    }
  }
}
