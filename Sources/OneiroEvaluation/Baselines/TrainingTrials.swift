import OneiroDream
import OneiroGraph
import OneiroPicture

/// Trials whose pictures are known, for baselines to be fitted to.
struct TrainingTrials {
  /// [count, featureCount], of mean 0 and deviation 1 over the trials.
  private(set) var features: [Float]
  let featureCount: Int
  var count: Int { labels.count }
  /// What is told apart: labels of the recording, or the classifier's class of what was shown.
  let labels: [Int]
  /// What was shown, at `mostPixels` at most; with its class and embedding.
  let truths: [Truth]
  /// The same for trials of one stimulus.
  let units: [UInt64]
  private let scaling: FeatureScaling

  /// Mean pictures are blurred anyway.
  private static let mostPixels = 128

  /// - trial: float32 [1, channels, samples] of a place.
  /// - truth: of a place.
  init(
    places: [Int], trial: (Int) throws(DreamError) -> Tensor, label: (Int) -> Int?,
    truth: (Int) throws(DreamError) -> Truth, unit: (Truth) -> UInt64
  ) throws(DreamError) {
    var features: [Float] = [], truths: [Truth] = [], labels: [Int] = [], units: [UInt64] = []
    var featureCount = 0
    for place in places {
      let row = EEGFeatures.values(try trial(place))
      featureCount = row.count
      let known = try truth(place)
      units.append(unit(known))
      let small = known.picture.map { picture in
        picture.resized(
          width: min(picture.width, Self.mostPixels), height: min(picture.height, Self.mostPixels), antialias: true)
      }
      truths.append(
        Truth(trial: known.trial, picture: small, trueClass: known.trueClass, embedding: known.embedding))
      labels.append(label(place) ?? known.trueClass ?? 0)
      features += row
    }
    scaling = FeatureScaling(features, width: featureCount)
    scaling.apply(to: &features)
    self.features = features
    self.featureCount = featureCount
    self.labels = labels
    self.truths = truths
    self.units = units
  }

  /// The features of a trial, on the scale of the others.
  func features(of trial: Tensor) -> [Float] {
    var row = EEGFeatures.values(trial)
    scaling.apply(to: &row)
    return row
  }

  /// Rows that must not be used for a trial that is one of these: those of its stimulus, and as many of every other
  /// label. If its own label alone lost some, the others would be likelier from the start, and a baseline worse than
  /// guessing.
  func heldOut(unit: UInt64) -> [Int] {
    let own = units.indices.filter { units[$0] == unit }
    guard !own.isEmpty else { return [] }
    let lost = Dictionary(grouping: own, by: { labels[$0] }).mapValues(\.count)
    let most = lost.values.max() ?? 0
    var generator = SeededGenerator(unit)
    var result = own
    for (label, rows) in Dictionary(grouping: labels.indices, by: { labels[$0] }).sorted(by: { $0.key < $1.key }) {
      let rest = rows.filter { units[$0] != unit }
      result += rest.shuffled(using: &generator).prefix(most - lost[label, default: 0])
    }
    return result.sorted()
  }

  /// What the trials make together with these weights, one for each, such as 1 / count for their mean.
  /// - classScores: of the answer.
  /// - size: of the answer's picture.
  func answer(weights: [Double], classScores: [Float]?, size: (width: Int, height: Int)) -> Answer {
    var picture: Picture?
    if let first = truths.first?.picture {
      var levels = [Double](repeating: 0, count: first.pixels.count)
      for (truth, weight) in zip(truths, weights) where weight != 0 {
        guard let pixels = truth.picture?.pixels else { continue }
        for index in levels.indices { levels[index] += weight * Double(pixels[index]) }
      }
      picture = Picture(
        width: first.width, height: first.height, pixels: levels.map { UInt8(min(max($0.rounded(), 0), 255)) }
      ).resized(width: size.width, height: size.height)
    }
    var embedding: [Float]?
    if let length = truths.first?.embedding?.count {
      var sum = [Double](repeating: 0, count: length)
      for (truth, weight) in zip(truths, weights) where weight != 0 {
        guard let vector = truth.embedding else { continue }
        for index in sum.indices { sum[index] += weight * Double(vector[index]) }
      }
      embedding = sum.map(Float.init)
    }
    return Answer(picture: picture, classScores: classScores, embedding: embedding, query: embedding)
  }
}

/// What baselines see of a trial: each channel at up to 64 points, each the mean of the samples around it.
enum EEGFeatures {
  static let mostPoints = 64

  /// - trial: float32 [1, channels, samples].
  static func values(_ trial: Tensor) -> [Float] {
    let samples = trial.dims[2], points = min(samples, mostPoints)
    return trial.withElements(of: Float.self) { values in
      var result: [Float] = []
      result.reserveCapacity(trial.dims[1] * points)
      for channel in 0..<trial.dims[1] {
        for point in 0..<points {
          let range = point * samples / points..<(point + 1) * samples / points
          var sum = 0.0
          for sample in range { sum += Double(values[channel * samples + sample]) }
          result.append(Float(sum / Double(range.count)))
        }
      }
      return result
    }
  }
}

/// Brings each feature to mean 0 and deviation 1.
struct FeatureScaling {
  private var means: [Float]
  private var factors: [Float]

  /// - features: [rows, width].
  init(_ features: [Float], width: Int) {
    let rows = width == 0 ? 0 : features.count / width
    means = [Float](repeating: 0, count: width)
    factors = [Float](repeating: 0, count: width)
    for column in 0..<width {
      var (sum, squares) = (0.0, 0.0)
      for row in 0..<rows { sum += Double(features[row * width + column]) }
      let mean = sum / Double(max(rows, 1))
      for row in 0..<rows {
        let difference = Double(features[row * width + column]) - mean
        squares += difference * difference
      }
      let deviation = (squares / Double(max(rows, 1))).squareRoot()
      means[column] = Float(mean)
      // One that is always the same tells nothing.
      factors[column] = deviation > 0 ? Float(1 / deviation) : 0
    }
  }

  /// - features: [rows, width].
  func apply(to features: inout [Float]) {
    let width = means.count
    for index in features.indices {
      features[index] = (features[index] - means[index % width]) * factors[index % width]
    }
  }
}
