import OneiroDream
import OneiroPicture

/// Scores pictures that are there already against what was shown, whoever drew them.
public struct PictureEvaluation {
  /// The file of what was shown, and those of what was drawn after it.
  public struct Pair: Sendable, Equatable {
    public let truth: String
    public let pictures: [String]
  }

  /// Pairs the PNG files of two folders: `NAME.png` of the truths with `NAME.png`, or `NAME-0.png`, `NAME-1.png` and so
  /// on, of the pictures. Every picture has to have a
  /// truth; truths without pictures are passed over.
  /// - truths, pictures: names of the files in the folders.
  /// - Returns: paths of files.
  public static func pairs(
    truths: [String], in truthFolder: String, pictures: [String], in folder: String
  ) throws(DreamError) -> [Pair] {
    let stems = Set(truths.map(Self.stem))
    var found: [String: [String]] = [:]
    for picture in pictures.sorted(by: Self.isBefore) {
      let stem = stem(picture)
      let base = stem.lastIndex(of: "-").flatMap { dash -> String? in
        let number = stem[stem.index(after: dash)...]
        return !number.isEmpty && number.utf8.allSatisfy { (48...57).contains($0) } ? String(stem[..<dash]) : nil
      }
      guard let key = [stem, base].compactMap({ $0 }).first(where: stems.contains) else {
        throw .mismatch(
          at: "\(folder)/\(picture)", expected: "a true picture \(base ?? stem).png to hold it against", found: "none")
      }
      found[key, default: []].append("\(folder)/\(picture)")
    }
    return truths.sorted(by: Self.isBefore).compactMap { truth in
      found[stem(truth)].map { Pair(truth: "\(truthFolder)/\(truth)", pictures: $0) }
    }
  }

  private let truths: TruthSource
  private let scorer: Scorer
  private let settings: EvaluationSettings
  private let pictures: [[String]]
  /// The same for truths that are one picture.
  private let units: [UInt64]
  private var generator: NumpyGenerator
  /// Of draws about the pairs of `mismatched`, so that they do not change the others.
  private var pairGenerator: NumpyGenerator

  /// - pairs: paths of files.
  public init(_ pairs: [Pair], judges: Judges, settings: EvaluationSettings) throws(DreamError) {
    guard let first = pairs.first?.pictures.first else {
      throw .mismatch(at: "pictures", expected: "PNG files", found: "none")
    }
    let picture = try PictureFile.read(first)
    guard picture.width > 0, picture.height > 0 else {
      throw .mismatch(at: first, expected: "a picture of one pixel or more", found: "an empty one")
    }
    truths = try TruthSource(
      count: pairs.count, source: "pictures", size: (picture.width, picture.height), judges: judges, labels: nil,
      numbers: Array(pairs.indices), picture: { (place) throws(DreamError) in try PictureFile.read(pairs[place].truth) }
    )
    let gallery = try Gallery(count: pairs.count, size: settings.gallerySize, seed: settings.seed, truth: truths.truth)
    scorer = Scorer(settings, judges: judges, gallery: gallery, classCount: truths.classCount, hasPictures: true)
    pictures = pairs.map(\.pictures)
    units = try pairs.map { (pair) throws(DreamError) in PictureHash.value(try PictureFile.read(pair.truth).pixels) }
    self.settings = settings
    generator = NumpyGenerator(seed: UInt32(truncatingIfNeeded: settings.seed))
    pairGenerator = NumpyGenerator(seed: UInt32(truncatingIfNeeded: settings.seed &+ 1))
  }

  /// - progress: is told how many true pictures are done, of how many.
  public mutating func run(progress: ((_ done: Int, _ total: Int) -> Void)? = nil) throws(DreamError)
    -> EvaluationResult
  {
    let others = Mismatch.pairs(units, seed: settings.seed)
    let isPaired =
      settings.controls.contains(.mismatched) && !others.enumerated().contains { $0.offset == $0.element }
    var book = ScoreBook(
      isPaired ? [.pictures, .mismatched] : [.pictures], scorer.measures, replicates: settings.replicates,
      seed: settings.seed)
    let shownPlaces = EvaluationResult.examplePlaces(of: truths.count, seed: settings.seed)
    var examples: [EvaluationResult.Example] = []
    var classes = EvaluationResult.ClassScores()
    var moments = FrechetMoments(judge: truths.judges.fid, conditions: [.pictures])
    for place in 0..<truths.count {
      let truth = try truths.truth(place)
      let answers = try pictures[place].map { (file) throws(DreamError) in try truths.answer(try PictureFile.read(file))
      }
      try moments.addTruth(truth.picture)
      for answer in answers { try moments.add(answer.picture, .pictures) }
      var rows = [try scorer.mean(answers, truth, truths.task(truth, settings, using: &generator))]
      if isPaired {
        let other = try truths.truth(others[place])
        rows.append(try scorer.mean(answers, other, truths.task(other, settings, using: &pairGenerator)))
      }
      if shownPlaces.contains(place) {
        examples.append(
          .init(trial: place, shown: truth.picture, answers: answers.first?.picture.map { [(.pictures, $0)] } ?? []))
      }
      classes.add(truth.trueClass, score: rows[0].first)
      book.add(unit: TruthSource.unit(truth, stimulus: nil), rows)
      progress?(place + 1, truths.count)
    }
    return EvaluationResult(
      book: book, split: nil, examples: examples, classes: classes.list, frechet: moments.distances(),
      remarks: EvaluationResult.remarks(classCount: classes.list.count, trialCount: truths.count))
  }

  /// The name without ".png".
  private static func stem(_ name: String) -> String {
    let file = name.split(separator: "/").last.map(String.init) ?? name
    return file.lowercased().hasSuffix(".png") ? String(file.dropLast(4)) : file
  }

  /// 2 before 10.
  private static func isBefore(_ one: String, _ other: String) -> Bool {
    (one.utf8.count, one) < (other.utf8.count, other)
  }
}
