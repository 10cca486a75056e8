import Foundation

/// A recording of a made-up head that looks at drawings, as long as wanted, the same for the same seed: the generator
/// of the recordings in `Models/parts`, going on without a break. Each trial is a drawing of one of ten classes and any
/// hue; the response to it is added to noise that runs through: background, alpha waves, mains, sensors.
public struct SyntheticEEG: Sendable {
  public static let samplingRate = 1000.0
  /// Samples that come at once.
  public static let blockLength = 256

  public struct Trial: Sendable, Equatable {
    /// In seconds.
    public let onset: Double
    /// An index into `SyntheticHead.classes`.
    public let classNumber: Int
    /// 0 to 1.
    public let hue: Double
  }

  public let head: SyntheticHead
  public let trials: [Trial]
  /// How many blocks there are: one interval before the first trial, and one after the last.
  public let blockCount: Int
  /// Responses to come, or that go on: [sources][512] from a sample on.
  private var responses: [(start: Int, sources: [[Double]])]
  private var random: RandomNormals
  private let pink = PinkNoise()
  private let schedule: NoiseSchedule
  /// Those that are in use, by their numbers.
  private var pieces: [Int: NoisePiece] = [:]
  private var firstPiece = 0
  private let mains: (amplitude: Double, phase: Double)
  private var position = 0

  /// - trialCount: classes come in blocks, each of all ten in a random order.
  /// - interval: seconds from a drawing to the next, 0.512 or more.
  public init(head: SyntheticHead, trialCount: Int, interval: Double, seed: UInt64) {
    precondition(trialCount >= 0 && interval >= 0.512)
    self.head = head
    var random = RandomNormals(seed: seed)
    var order: [Int] = []
    while order.count < trialCount { order += random.permutation(SyntheticHead.classes.count) }
    let step = Int((interval * Self.samplingRate).rounded())
    var trials: [Trial] = [], responses: [(start: Int, sources: [[Double]])] = []
    for (number, classNumber) in order.prefix(trialCount).enumerated() {
      let hue = random.uniform(), delay = 0.006 * random.normal(), gain = exp(0.2 * random.normal())
      let start = (number + 1) * step
      trials.append(Trial(onset: Double(start) / Self.samplingRate, classNumber: classNumber, hue: hue))
      let sources = head.response(classNumber: classNumber, hue: hue, delay: delay)
      responses.append((start, sources.map { $0.map { $0 * gain } }))
    }
    self.trials = trials
    self.responses = responses
    blockCount = ((trialCount + 2) * step + Self.blockLength - 1) / Self.blockLength
    schedule = NoiseSchedule(trials: responses.map(\.start), sampleCount: blockCount * Self.blockLength)
    mains = (random.uniform(0.5, 1.5), random.uniform(0, 2 * .pi))
    self.random = random
  }

  /// The next block of each electrode, [electrodes][blockLength], in the unit that the networks were trained with.
  public mutating func next() -> [[Double]] {
    let length = Self.blockLength
    let noise = nextNoise()
    let active = responses.filter { $0.start < position + length && $0.start + 512 > position }
    let hum = (0..<length).map { n in
      0.3 * mains.amplitude * cos(2 * .pi * 50 * Double(position + n) / Self.samplingRate + mains.phase)
    }
    var result: [[Double]] = []
    for electrode in head.electrodes.indices {
      var samples = noise.sensors[electrode].map { 0.8 * $0 + 0.5 * random.normal() }
      for n in 0..<length { samples[n] += hum[n] * head.mains[electrode] }
      Self.add(noise.background, head.background[electrode].map { 0.8 * $0 }, to: &samples)
      Self.add(noise.alpha, head.alpha[electrode], to: &samples)
      for response in active {
        let shift = response.start - position
        for n in max(0, shift)..<min(length, shift + 512) {
          for (source, weight) in head.signal[electrode].enumerated() {
            samples[n] += weight * response.sources[source][n - shift]
          }
        }
      }
      result.append(samples.map { $0 * head.gains[electrode] })
    }
    position += length
    responses.removeAll { $0.start + 512 <= position }
    return result
  }

  /// What swells and ebbs in the next block: of each course, `blockLength` samples.
  private mutating func nextNoise() -> (background: [[Double]], sensors: [[Double]], alpha: [[Double]]) {
    let silence = [Double](repeating: 0, count: Self.blockLength)
    var background = [[Double]](repeating: silence, count: 32)
    var sensors = [[Double]](repeating: silence, count: head.electrodes.count)
    var alpha = [[Double]](repeating: silence, count: 3)
    for n in 0..<Self.blockLength {
      let sample = position + n
      let place = schedule.place(of: sample, from: firstPiece)
      firstPiece = place.piece
      for (number, weight) in [(place.piece, place.weight), (place.piece + 1, place.next)] where weight != 0 {
        let piece = piece(number)
        let offset = sample - schedule.pieces[number].lowerBound
        let index = ((offset % PinkNoise.length) + PinkNoise.length) % PinkNoise.length
        for course in background.indices { background[course][n] += weight * piece.background[course][index] }
        for course in sensors.indices { sensors[course][n] += weight * piece.sensors[course][index] }
        for course in alpha.indices {
          alpha[course][n] += weight * piece.alpha(course, at: Double(offset) / Self.samplingRate)
        }
      }
    }
    pieces = pieces.filter { $0.key >= firstPiece }
    return (background, sensors, alpha)
  }

  private mutating func piece(_ number: Int) -> NoisePiece {
    if let piece = pieces[number] { return piece }
    let piece = NoisePiece(electrodes: head.electrodes.count, pink, &random)
    pieces[number] = piece
    return piece
  }

  private static func add(_ courses: [[Double]], _ weights: [Double], to samples: inout [Double]) {
    for (course, weight) in zip(courses, weights) where abs(weight) > 1e-12 {
      for n in samples.indices { samples[n] += weight * course[n] }
    }
  }
}
