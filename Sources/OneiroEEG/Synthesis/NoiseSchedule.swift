import Foundation

/// Which pieces of noise make up a recording. During a trial it is one piece alone, so that the trial is as the model's
/// recordings are; between trials a piece fades into the next, and long pauses have pieces of their own.
struct NoiseSchedule {
  /// Samples during which a piece stands alone.
  let pieces: [Range<Int>]

  /// How long one fades into the next, in samples. In long fades one would hear that pieces repeat.
  private static let fade = 64

  /// - trials: first samples of 512 each, in order.
  init(trials: [Int], sampleCount: Int) {
    var pieces = [0..<0]
    func pause(until next: Int) {
      let end = pieces[pieces.count - 1].upperBound, gap = next - end
      guard gap > 2 * Self.fade else { return }
      let whole = gap - Self.fade, count = (whole + PinkNoise.length - 1) / PinkNoise.length
      for part in 0..<count {
        pieces.append(end + Self.fade + whole * part / count..<end + whole * (part + 1) / count)
      }
    }
    for trial in trials {
      pause(until: trial)
      pieces.append(trial..<trial + PinkNoise.length)
    }
    pause(until: sampleCount)
    pieces.append(sampleCount..<max(sampleCount, pieces[pieces.count - 1].upperBound))
    self.pieces = pieces
  }

  /// The piece at a sample, and the one that it fades into, with weights whose squares add up to 1.
  /// - first: the piece at an earlier sample.
  func place(of sample: Int, from first: Int) -> (piece: Int, weight: Double, next: Double) {
    var piece = first
    while piece + 1 < pieces.count, pieces[piece + 1].lowerBound <= sample { piece += 1 }
    guard piece + 1 < pieces.count, sample >= pieces[piece].upperBound else { return (piece, 1, 0) }
    let end = pieces[piece].upperBound, gap = pieces[piece + 1].lowerBound - end
    let angle = (Double(sample - end) + 0.5) / Double(gap) * .pi / 2
    return (piece, cos(angle), sin(angle))
  }
}

/// One piece of all the noise that swells and ebbs.
struct NoisePiece {
  /// [32][512] and [electrodes][512], pink.
  let background: [[Double]], sensors: [[Double]]
  private let waves: [AlphaWave]

  init(electrodes: Int, _ pink: PinkNoise, _ random: inout RandomNormals) {
    background = pink.pieces(32, &random)
    sensors = pink.pieces(electrodes, &random)
    waves = (0..<3).map { _ in AlphaWave(&random) }
  }

  /// Of the three courses of alpha waves, at a time from the piece's first sample.
  func alpha(_ course: Int, at seconds: Double) -> Double { waves[course].value(at: seconds) }
}

/// A wave of 8.5 to 11.5 Hz, whose strength changes 1.2 times a second.
private struct AlphaWave {
  let frequency: Double, phase: Double, slow: Double, amplitude: Double

  init(_ random: inout RandomNormals) {
    frequency = random.uniform(8.5, 11.5)
    phase = random.uniform(0, 2 * .pi)
    slow = random.uniform(0, 2 * .pi)
    amplitude = exp(0.4 * random.normal())
  }

  func value(at t: Double) -> Double {
    amplitude * cos(2 * .pi * frequency * t + phase) * (1 + 0.5 * sin(2 * .pi * 1.2 * t + slow))
  }
}
