import OneiroDream
import OneiroPicture

/// What was shown in each trial, prepared for judging.
struct TruthSource {
  let count: Int
  /// What messages call it.
  let source: String
  /// The size that pictures are scored at.
  let size: (width: Int, height: Int)
  let judges: Judges
  /// How many classes the classifier has.
  let classCount: Int?
  /// By place.
  private let picture: ((Int) throws(DreamError) -> Picture)?
  private let labels: [Int64]?
  /// The number of each trial in its file.
  private let numbers: [Int]

  /// - picture: what was shown; `nil` where that is not known, so that labels have to be classes of the classifier.
  init(
    count: Int, source: String, size: (width: Int, height: Int), judges: Judges, labels: [Int64]?, numbers: [Int],
    picture: ((Int) throws(DreamError) -> Picture)?
  ) throws(DreamError) {
    self.count = count
    self.source = source
    self.size = size
    self.judges = judges
    self.labels = labels
    self.numbers = numbers
    self.picture = picture
    let blank = Picture(width: size.width, height: size.height, filledWith: .black)
    classCount = try judges.classifier?.values(blank).count
    guard picture == nil else { return }
    guard let labels, let classCount else {
      let found = labels == nil ? "neither" : "labels, and no classifier that could judge pictures by them"
      throw .mismatch(at: source, expected: "pictures that were shown (array image), or labels", found: found)
    }
    for (label, number) in zip(labels, numbers) where !(0..<Int64(classCount)).contains(label) {
      throw .mismatch(
        at: "\(source): trial \(number): label",
        expected: "0 ... \(classCount - 1) because the classifier has \(classCount) classes", found: "\(label)")
    }
  }

  /// The recording's own pictures.
  init(_ recording: Recording, size: (width: Int, height: Int), judges: Judges) throws(DreamError) {
    let picture: ((Int) throws(DreamError) -> Picture)? =
      !recording.hasPictures
      ? nil
      : { (place) throws(DreamError) in
        guard let picture = try recording.shown(place), picture.width > 0, picture.height > 0 else {
          throw DreamError.mismatch(
            at: "\(recording.source): image", expected: "pictures of one pixel or more", found: "empty ones")
        }
        return picture
      }
    try self.init(
      count: recording.count, source: recording.source, size: size, judges: judges, labels: recording.labels,
      numbers: recording.trialNumbers, picture: picture)
  }

  var hasPictures: Bool { picture != nil }

  func truth(_ place: Int) throws(DreamError) -> Truth {
    guard let picture else {
      return Truth(trial: place, picture: nil, trueClass: labels.map { Int($0[place]) }, embedding: nil)
    }
    let shown = try picture(place).resized(width: size.width, height: size.height)
    // The original's procedure: the class is what the classifier makes of the true picture, not the data set's label.
    let logits = try judges.classifier?.values(shown)
    return Truth(
      trial: place, picture: shown,
      trueClass: logits.map { logits in logits.indices.max { logits[$0] < logits[$1] } ?? 0 },
      embedding: try judges.clip?.values(shown))
  }

  /// The questions of N-way accuracy about a truth.
  func task(_ truth: Truth, _ settings: EvaluationSettings, using generator: inout NumpyGenerator) -> NWayTask? {
    guard let trueClass = truth.trueClass, let classCount else { return nil }
    return NWayTask(
      trueClass: trueClass, classCount: classCount, ways: min(settings.ways, classCount), draws: settings.draws,
      using: &generator)
  }

  /// What a picture says.
  /// - query: what the nearest truths are looked for with, instead of the picture's own embedding.
  func answer(_ drawn: Picture, query: [Float]? = nil) throws(DreamError) -> Answer {
    let picture = drawn.resized(width: size.width, height: size.height)
    let embedding = try judges.clip?.values(picture)
    return Answer(
      picture: picture, classScores: try judges.classifier?.values(picture), embedding: embedding,
      query: query ?? embedding)
  }

  /// The same for trials of one stimulus: its number, or a hash of what was shown. Where nobody says, each trial is its
  /// own.
  static func units(of recording: Recording) throws(DreamError) -> [UInt64] {
    if let numbers = recording.origins.numbers["stimulus"] { return numbers.map { UInt64(bitPattern: $0) } }
    return try (0..<recording.count).map { (place) throws(DreamError) in
      if place % 32 == 31 { recording.setAside() }
      return try recording.shown(place).map { PictureHash.value($0.pixels) } ?? UInt64(place)
    }
  }

  /// The same for trials of one stimulus.
  static func unit(_ truth: Truth, stimulus: Int64?) -> UInt64 {
    if let stimulus { return UInt64(bitPattern: stimulus) }
    return truth.picture.map { PictureHash.value($0.pixels) } ?? UInt64(truth.trial)
  }
}
