import OneiroDream
import OneiroGraph
import OneiroPicture
import OneiroRuntime

/// Draws the trials of a recording under every condition and scores what comes out. One trial at a time: memory does
/// not grow with their number.
public final class PipelineEvaluation {
  private let dream: Dream
  private let recording: Recording
  private let settings: EvaluationSettings
  private let truths: TruthSource
  private let scorer: Scorer
  private let conditions: [Condition]
  private let baselines: Baselines?
  private let noise: StartingNoise
  private let split: SplitCheck?
  private var remarks: [String]
  /// Who is paired with whom by `mismatched`.
  private let others: [Int]
  private var generator: NumpyGenerator
  /// Of draws about the pairs of `mismatched`, so that they do not change the others.
  private var pairGenerator: NumpyGenerator
  private let frechetRoles: [Condition]

  /// - dream: made with `Dream.Options.alsoComputes` of `PipelineInterface.embeddingName` where it has that.
  /// - recording: the trials to score.
  /// - training: trials for baselines, and to look for leaks; without, baselines are fitted to the scored trials, each
  ///   time without those of the trial's own stimulus.
  public init(
    _ dream: Dream, recording: Recording, training: Recording? = nil, judges: Judges, noise: StartingNoise,
    settings: EvaluationSettings
  ) throws(DreamError) {
    guard recording.count > 0 else { throw .mismatch(at: recording.source, expected: "trials", found: "none") }
    try recording.check(fits: dream.interface.eeg, named: PipelineInterface.eegName)
    try training?.check(fits: dream.interface.eeg, named: PipelineInterface.eegName)
    let (pictures, overflow) = recording.count.multipliedReportingOverflow(by: settings.samples)
    guard settings.samples >= 1, !overflow, pictures <= Self.mostPictures else {
      throw .mismatch(
        at: "samples", expected: "1 or more, and up to \(Self.mostPictures) pictures",
        found: "\(settings.samples) a trial")
    }
    for first in stride(from: 0, to: recording.count, by: Self.tidyEvery) {
      try recording.checkFinite(first..<min(first + Self.tidyEvery, recording.count))
      recording.setAside()
    }
    let first = try recording.shown(0)
    let size = dream.interface.pictureSize ?? first.map { ($0.width, $0.height) } ?? (64, 64)
    guard size.0 >= 1, size.1 >= 1 else {
      throw .mismatch(
        at: "\(recording.source): image", expected: "pictures of one pixel or more", found: "\(size.0) x \(size.1)")
    }
    let truths = try TruthSource(recording, size: size, judges: judges)
    let gallery = try Gallery(
      count: truths.hasPictures ? recording.count : 0, size: settings.gallerySize, seed: settings.seed,
      truth: truths.truth)
    scorer = Scorer(
      settings, judges: judges, gallery: gallery, classCount: truths.classCount, hasPictures: truths.hasPictures)
    guard !scorer.measures.isEmpty else {
      throw .mismatch(at: recording.source, expected: "something to score pictures by", found: "nothing")
    }
    var remarks: [String] = []
    var conditions = settings.controls.filter { $0 != .eeg }
    if recording.count < 2, conditions.contains(where: { $0 == .mismatched || $0.isFitted && training == nil }) {
      conditions.removeAll { $0 == .mismatched || $0.isFitted && training == nil }
      remarks.append("One trial has no other to be paired with, and leaves none to fit baselines to.")
    }
    let pairs = Mismatch.pairs(try TruthSource.units(of: recording), seed: settings.seed)
    if conditions.contains(.mismatched), pairs.enumerated().contains(where: { $0.offset == $0.element }) {
      conditions.removeAll { $0 == .mismatched }
      remarks.append("All trials show one stimulus: there is none of another to pair them with.")
    }
    baselines =
      conditions.contains(where: \.isFitted)
      ? try Baselines(conditions, recording: recording, training: training, truths: truths, settings: settings) : nil
    if let training {
      split = try SplitCheck(scored: recording, training: training)
    } else {
      split = nil
      remarks.append("Whether training saw these trials is not checked: no training trials were named.")
    }
    self.conditions = [.eeg] + conditions
    frechetRoles = judges.fid == nil ? [] : self.conditions.filter(\.isDrawn)
    self.dream = dream
    self.recording = recording
    self.settings = settings
    self.truths = truths
    self.noise = noise
    self.remarks = remarks
    others = pairs
    generator = NumpyGenerator(seed: UInt32(truncatingIfNeeded: settings.seed))
    pairGenerator = NumpyGenerator(seed: UInt32(truncatingIfNeeded: settings.seed &+ 1))
  }

  /// How many pictures there are to draw.
  public var pictureCount: Int { recording.count * settings.samples * conditions.count(where: \.isDrawn) }

  /// - progress: is told how many pictures are drawn, of how many.
  public func run(progress: ((_ done: Int, _ total: Int) -> Void)? = nil) throws(DreamError) -> EvaluationResult {
    let fed = settings.fed
    let title = fed == .eeg ? nil : "\(fed.title) in the place of the EEG"
    var book = ScoreBook(
      conditions, mainTitle: title, scorer.measures, replicates: settings.replicates, seed: settings.seed)
    var noises = try NoiseStream(
      noise, count: recording.count * settings.samples, latentDims: dream.interface.latentDims)
    let shownPlaces = EvaluationResult.examplePlaces(of: recording.count, seed: settings.seed)
    var examples: [EvaluationResult.Example] = []
    var classes = EvaluationResult.ClassScores()
    var moments = FrechetMoments(judge: truths.judges.fid, conditions: frechetRoles)
    var done = 0
    for place in 0..<recording.count {
      let starts = (0..<settings.samples).map { _ in noises.draw() }
      let truth = try truths.truth(place)
      let other = others[place] == place ? truth : try truths.truth(others[place])
      let task = truths.task(truth, settings, using: &generator)
      let otherTask = other.trial == truth.trial ? task : truths.task(other, settings, using: &pairGenerator)
      try moments.addTruth(truth.picture)
      let trial = recording.trial(place)
      let unit = TruthSource.unit(truth, stimulus: recording.origins.numbers["stimulus"]?[place])
      var rows: [[Double]] = []
      var answers: [(condition: Condition, picture: Picture)] = []
      var own: [Answer] = []
      for condition in conditions {
        var drawn: [Answer] = []
        if condition.isDrawn {
          let given = input(trial, condition == .eeg ? settings.fed : condition, place, stream: condition)
          for (sample, start) in starts.enumerated() {
            drawn.append(try draw(given, from: start, number: place * settings.samples + sample))
            done += 1
            progress?(done, pictureCount)
          }
          for answer in drawn { try moments.add(answer.picture, condition) }
        } else if condition == .mismatched {
          drawn = own
        } else if let answer = baselines?.answer(condition, trial: trial, unit: unit, size: truths.size) {
          drawn = [answer]
        }
        if condition == .eeg { own = drawn }
        let isPaired = condition == .mismatched
        rows.append(try scorer.mean(drawn, isPaired ? other : truth, isPaired ? otherTask : task))
        if condition != .mismatched, let picture = drawn.first?.picture { answers.append((condition, picture)) }
      }
      if shownPlaces.contains(place) {
        examples.append(.init(trial: recording.trialNumbers[place], shown: truth.picture, answers: answers))
      }
      classes.add(truth.trueClass, score: rows[0].first)
      book.add(unit: unit, rows)
      // Pages of a mapped recording that are done with need not stay in memory.
      if place % Self.tidyEvery == Self.tidyEvery - 1 { recording.setAside() }
    }
    return EvaluationResult(
      book: book,
      split: split, examples: examples, classes: classes.list, frechet: moments.distances(),
      remarks: remarks + EvaluationResult.remarks(classCount: classes.list.count, trialCount: recording.count))
  }

  private static let tidyEvery = 32
  private static let mostPictures = 100_000_000

  /// What the pipeline is given.
  /// - stream: of random numbers: the true EEG's is another than a control's, also where it is fed the same.
  private func input(_ trial: Tensor, _ kind: Condition, _ place: Int, stream: Condition) -> Tensor {
    let number = UInt64(Condition.allCases.firstIndex(of: stream) ?? 0)
    var generator = SeededGenerator(settings.seed, number, UInt64(place))
    return switch kind {
    case .timeShuffled: TimeShuffle.apply(to: trial, using: &generator)
    case .matchedNoise: PhaseRandomisation.apply(to: trial, using: &generator)
    case .pictures, .eeg, .mismatched, .labelMeans, .linearRegression: trial
    }
  }

  private func draw(_ eeg: Tensor, from noise: Tensor, number: Int) throws(DreamError) -> Answer {
    let (drawn, outputs) = try dream.draw(eeg, from: noise, number: number, seed: settings.seed)
    let query = outputs[PipelineInterface.embeddingName]?.doubles().map(Float.init)
    let answer = try truths.answer(drawn, query: query)
    if let query, let embedding = answer.embedding, query.count != embedding.count {
      throw .mismatch(
        at: "\(dream.path): output \"\(PipelineInterface.embeddingName)\"",
        expected: "\(embedding.count) numbers because the picture's embedding has", found: "\(query.count)")
    }
    return answer
  }
}
