import Foundation
import OneiroDream
import OneiroEvaluation
import OneiroGraph
import Testing

@Suite struct BaselineTests {
  /// [1, 2, count], channel c at sample s.
  private func trial(_ count: Int) -> Tensor {
    let values = (0..<2 * count).map { Float(sin(Double($0) * 1.7) + Double($0 % count) * 0.01 + 3) }
    return Tensor(values, dims: [1, 2, count])
  }

  @Test func everyChannelIsShuffledForItself() {
    let trial = trial(50)
    var generator = SeededGenerator(1)
    let shuffled = TimeShuffle.apply(to: trial, using: &generator).elements(of: Float.self)
    let original = trial.elements(of: Float.self)
    var orders: [[Int?]] = []
    for channel in [0..<50, 50..<100] {
      #expect(Array(shuffled[channel]) != Array(original[channel]))
      #expect(shuffled[channel].sorted() == original[channel].sorted())
      orders.append(shuffled[channel].map { Array(original[channel]).firstIndex(of: $0) })
    }
    #expect(orders[0] != orders[1])
  }

  /// Powers of two, odd and even lengths, a prime, and the lengths at the edges.
  @Test(arguments: [1, 2, 3, 8, 37, 60, 512]) func noiseHasTheSpectrumOfTheTrial(count: Int) {
    let trial = trial(count)
    var generator = SeededGenerator(2)
    let noise = PhaseRandomisation.apply(to: trial, using: &generator)
    #expect(noise.dims == trial.dims)
    for channel in 0..<2 {
      let before = amplitudes(trial, channel), after = amplitudes(noise, channel)
      for (frequency, (one, other)) in zip(before, after).enumerated() {
        #expect(abs(one - other) < 1e-4 * max(one, 1), "frequency \(frequency) of \(count) samples")
      }
    }
    if count > 3 { #expect(noise.elements(of: Float.self) != trial.elements(of: Float.self)) }
  }

  /// |Σ x[n] exp(-2πi k n / count)| by the definition.
  private func amplitudes(_ trial: Tensor, _ channel: Int) -> [Double] {
    let count = trial.dims[2],
      values = trial.elements(of: Float.self)[channel * count..<(channel + 1) * count].map(Double.init)
    return (0...count / 2).map { frequency in
      var (real, imaginary) = (0.0, 0.0)
      for (index, value) in values.enumerated() {
        let angle = 2 * Double.pi * Double(frequency * index % count) / Double(count)
        real += value * cos(angle)
        imaginary -= value * sin(angle)
      }
      return hypot(real, imaginary)
    }
  }

  @Test(arguments: [2, 3, 40, 1000]) func noTrialIsPairedWithItself(count: Int) {
    let pairs = Mismatch.pairs((0..<count).map(UInt64.init), seed: 3)
    #expect(pairs.sorted() == Array(0..<count))
    #expect(!pairs.enumerated().contains { $0.offset == $0.element })
    #expect(Mismatch.pairs([7], seed: 3) == [0])
  }

  /// Stimuli by trial: as many of each, one with half of the trials, one with more.
  @Test(arguments: [[1, 2, 3, 1, 2, 3, 1, 2, 3], [5, 5, 5, 1, 2, 5, 3, 4], [5, 5, 5, 5, 5, 1, 2]] as [[UInt64]])
  func noTrialIsPairedWithOneOfItsStimulus(units: [UInt64]) {
    for seed in 0..<20 {
      let pairs = Mismatch.pairs(units, seed: UInt64(seed))
      #expect(units.indices.allSatisfy { units[pairs[$0]] != units[$0] }, "\(pairs)")
      if units.count { $0 == 5 } <= units.count / 2 { #expect(pairs.sorted() == Array(units.indices)) }
    }
    #expect(Mismatch.pairs([4, 4], seed: 1) == [0, 1])
  }

  /// Held-out rows by the formula, and by leaving them out of the system from the start.
  @Test(arguments: [[], [2], [0, 3, 5]]) func ridgeWithoutRowsIsTheOneOfTheRest(heldOut: [Int]) throws {
    var generator = SeededGenerator(4)
    let count = 7, width = 5
    let features = (0..<count).map { _ in (0..<width).map { _ in generator.uniform() - 0.5 } }
    let new = (0..<width).map { _ in generator.uniform() - 0.5 }
    func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    let kernel = features.flatMap { a in features.map { dot(a, $0) } }
    let ridge = KernelRidge(kernel, labels: [0, 1, 0, 1, 2, 2, 0])
    let weights = try #require(ridge.weights(features.map { dot($0, new) }, heldOut: heldOut))
    // (K + λ) w = k must hold in the rows that are left.
    let rest = (0..<count).filter { !heldOut.contains($0) }
    for row in rest {
      let left = rest.reduce(ridge.lambda * weights[row]) { $0 + dot(features[row], features[$1]) * weights[$1] }
      #expect(abs(left - dot(features[row], new)) < 1e-9)
    }
    #expect(heldOut.allSatisfy { weights[$0] == 0 })
    #expect(ridge.weights([Double](repeating: 1, count: count), heldOut: Array(0..<count)) == nil)
  }

  // MARK: - Splits

  private func recording(_ source: String, stimulus: [Int64], block: [Int64], session: [Int64]) throws -> Recording {
    let count = stimulus.count
    func integers(_ values: [Int64]) -> Tensor { Tensor(values, dims: [count]) }
    return try Recording(
      [
        "eeg": Tensor([Float](repeating: 0, count: count * 4), dims: [count, 2, 2]), "stimulus": integers(stimulus),
        "block": integers(block), "session": integers(session),
      ], source: source)
  }

  @Test func aCleanSplit() throws {
    let one = try recording("a.npz", stimulus: [1, 2], block: [1, 1], session: [1, 1])
    let other = try recording("b.npz", stimulus: [3, 4, 5], block: [1, 2, 3], session: [2, 2, 3])
    let check = try SplitCheck(scored: one, training: other)
    #expect(check.leaks.isEmpty)
    // Blocks are counted anew in every session.
    #expect(check.findings.map(\.kind) == ["trial", "stimulus", "block", "session"])
    #expect(check.findings.allSatisfy { $0.shared == 0 })
    #expect(
      check.text == "No leak found between training and scored trials (looked at: trial, stimulus, block, session).")
  }

  @Test func leaksAreNamed() throws {
    let one = try recording("a.npz", stimulus: [1, 2], block: [1, 2], session: [1, 1])
    let other = try recording("b.npz", stimulus: [2, 4], block: [1, 3], session: [1, 1])
    let check = try SplitCheck(scored: one, training: other)
    #expect(check.leaks.map(\.kind) == ["stimulus", "block"])
    #expect(
      check.text.hasPrefix("THE SPLIT LEAKS: 1 of 2 scored trials have their stimulus in training too; 1 of 2 scored"))
    #expect(check.text.hasSuffix("2 of 2 come from sessions of training: the scores hold within sessions."))
  }

  @Test func trialsOfOneFileAreToldApartByNumber() throws {
    let whole = try recording("a.npz", stimulus: [1, 2, 3, 4], block: [1, 2, 3, 4], session: [1, 1, 2, 2])
    let scored = try whole.selecting(.ranges([0...2])), training = try whole.selecting(.ranges([2...3]))
    let check = try SplitCheck(scored: scored, training: training)
    #expect(check.findings.first?.kind == "trial" && check.findings.first?.shared == 1)
    #expect(check.text.hasPrefix("THE SPLIT LEAKS: 1 of 3 scored trials have their trial in training too"))
  }

  @Test func equalPicturesAreOneStimulus() throws {
    func recording(_ source: String, _ levels: [UInt8]) throws -> Recording {
      try Recording(
        [
          "eeg": Tensor([Float](repeating: 0, count: levels.count * 4), dims: [levels.count, 2, 2]),
          "image": Tensor(levels.flatMap { [$0, $0, $0] }, dims: [levels.count, 1, 1, 3]),
        ], source: source)
    }
    let check = try SplitCheck(scored: recording("a.npz", [1, 2, 3]), training: recording("b.npz", [3, 3, 9]))
    #expect(check.leaks.map(\.kind) == ["stimulus"] && check.leaks.first?.shared == 1)
  }

  @Test func picturesFindTheirTruths() throws {
    let pairs = try PictureEvaluation.pairs(
      truths: ["10.png", "2.png", "dog.png"], in: "t", pictures: ["2-1.png", "2-0.png", "10.png", "2-10.png"], in: "p")
    #expect(pairs.map(\.truth) == ["t/2.png", "t/10.png"])
    #expect(pairs.map(\.pictures) == [["p/2-0.png", "p/2-1.png", "p/2-10.png"], ["p/10.png"]])
    let error = #expect(throws: DreamError.self) {
      try PictureEvaluation.pairs(truths: ["dog.png"], in: "t", pictures: ["cat-3.png"], in: "p")
    }
    #expect(error?.description == "p/cat-3.png: expected a true picture cat.png to hold it against, found none")
  }
}
