import OneiroDream
import OneiroPicture

/// Scores answers against truths.
struct Scorer {
  let measures: [Measure]
  let gallery: Gallery
  let judges: Judges

  /// What can be measured with these networks and truths.
  /// - hasPictures: whether it is known what was shown, and not the labels alone.
  init(_ settings: EvaluationSettings, judges: Judges, gallery: Gallery, classCount: Int?, hasPictures: Bool) {
    self.gallery = gallery
    self.judges = judges
    var measures: [Measure] = []
    if let classCount {
      let ways = min(settings.ways, classCount)
      measures += settings.topK.filter { $0 < ways }.map { .classAccuracy(ways: ways, topK: $0) }
    }
    if hasPictures {
      if judges.clip != nil {
        measures.append(.clipSimilarity)
        measures += settings.topK.filter { $0 < gallery.ways }.map { .retrieval(among: gallery.ways, topK: $0) }
      }
      for distance in Measure.Distance.allCases where distance != .lpips || judges.lpips != nil {
        measures.append(.distance(distance))
        guard gallery.ways > 1 else { continue }
        measures.append(.pairwise(distance))
        let ways = min(settings.ways, gallery.ways)
        if ways > 2 { measures.append(.nWay(distance, ways: ways)) }
      }
    }
    self.measures = measures
  }

  /// A number for each of `measures`, larger for better answers, so that distances are negative; NaN where the answer
  /// has none.
  /// - task: the questions of N-way accuracy about that truth.
  func scores(_ answer: Answer, _ truth: Truth, task: NWayTask?) throws(DreamError) -> [Double] {
    let others = gallery.others(than: truth)
    var known: [Measure.Distance: (own: Double, others: [Double])] = [:]
    func likeness(_ distance: Measure.Distance) throws(DreamError) -> (own: Double, others: [Double]) {
      if let found = known[distance] { return found }
      guard let picture = answer.picture, let own = truth.picture else { return (.nan, []) }
      var values: [Double] = []
      for other in others {
        if let other = other.picture { values.append(try self.likeness(distance, picture, other)) }
      }
      let found = (try self.likeness(distance, picture, own), values)
      known[distance] = found
      return found
    }
    let cosines = answer.query.flatMap { query in
      truth.embedding.map { own in
        (
          own: Identification.cosine(query, own),
          others: others.compactMap { $0.embedding.map { Identification.cosine(query, $0) } }
        )
      }
    }
    var result: [Double] = []
    for measure in measures {
      let score: Double
      switch measure {
      case .classAccuracy(_, let topK):
        if let task, let scores = answer.classScores {
          score = task.accuracy(scores, topK: topK)
        } else {
          score = .nan
        }
      case .distance(let distance):
        score = try likeness(distance).own
      case .pairwise(let distance):
        let found = try likeness(distance)
        score = Identification.pairwise(own: found.own, others: found.others)
      case .nWay(let distance, let ways):
        let found = try likeness(distance)
        score = Identification.nWay(own: found.own, others: found.others, ways: ways)
      case .clipSimilarity:
        if let one = answer.embedding, let other = truth.embedding {
          score = Identification.cosine(one, other)
        } else {
          score = .nan
        }
      case .retrieval(_, let topK):
        score = cosines.map { Identification.isRetrieved(own: $0.own, others: $0.others, topK: topK) } ?? .nan
      }
      result.append(score)
    }
    return result
  }

  /// The mean of the scores of a trial's pictures.
  func mean(_ answers: [Answer], _ truth: Truth, _ task: NWayTask?) throws(DreamError) -> [Double] {
    guard !answers.isEmpty else { return measures.map { _ in .nan } }
    var sums = [Double](repeating: 0, count: measures.count)
    for answer in answers {
      for (index, score) in try scores(answer, truth, task: task).enumerated() { sums[index] += score }
    }
    return sums.map { $0 / Double(answers.count) }
  }

  /// Larger for pictures that are more alike.
  private func likeness(_ distance: Measure.Distance, _ one: Picture, _ other: Picture) throws(DreamError) -> Double {
    if let metric = distance.metric {
      let value = metric.value(one, other)
      return metric.isBetterWhenLarger ? value : -value
    }
    guard let lpips = judges.lpips else { return .nan }
    let values = try lpips.values(one, other)
    guard values.count == 1 else {
      throw .mismatch(at: lpips.name, expected: "one number, a distance", found: "\(values.count)")
    }
    return -Double(values[0])
  }
}
