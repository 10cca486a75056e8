import Foundation

/// How sources inside a made-up head reach its electrodes, and how they answer to a picture. The formulas are those of
/// the recordings in `Models/parts`; see `Models/README.md`.
public struct SyntheticHead: Sendable {
  /// On the unit sphere: x to the right, y to the nose, z up.
  public let electrodes: [SIMD3<Double>]
  /// 0 to 3: one of four people, who differ in gain and in a few milliseconds.
  public let subject: Int
  /// [electrodes][sources]: of the 16 that answer, of 32 in the background, of 3 that make alpha waves.
  let signal: [[Double]], background: [[Double]], alpha: [[Double]]
  /// Of each electrode, for this subject, from source units to the networks' unit.
  let gains: [Double]
  /// How much of the mains each electrode takes up.
  let mains: [Double]

  public static let classes = [
    "circle", "square", "triangle", "star", "cross", "ring", "stripes", "checkerboard", "heart", "crescent",
  ]
  public static let subjectCount = 4
  /// Those of the model: 128 over the upper nine twentieths of a sphere.
  public static let modelElectrodes = spiral(128, span: 0.9, twist: 0)

  public init(electrodes: [SIMD3<Double>] = modelElectrodes, subject: Int) {
    precondition((0..<Self.subjectCount).contains(subject))
    self.electrodes = electrodes
    self.subject = subject
    signal = Self.mix(electrodes, Self.spiral(16, span: 0.85, twist: 0.7), 0.45).map { row in
      row.enumerated().map { $0.offset % 2 == 1 ? -$0.element : $0.element }
    }
    background = Self.mix(electrodes, Self.spiral(32, span: 1.6, twist: 0.3), 0.5)
    let occipital: [SIMD3<Double>] = [[0, -0.9, 0.43], [0.4, -0.8, 0.45], [-0.4, -0.8, 0.45]]
    alpha = Self.mix(electrodes, occipital.map(\.normalized), 0.6)
    let m = Double(subject)
    gains = electrodes.map { e in
      0.4 * [0.80, 0.95, 1.10, 1.25][subject]
        * exp(0.25 * sin(3 * (e.x * cos(1.7 * m) + e.y * sin(1.7 * m) + e.z * 0.5) + m))
    }
    mains = electrodes.map { 1 + 0.3 * sin(5 * $0.x + 2 * $0.y) }
  }

  /// What the 16 sources do after a picture, without noise.
  /// - classNumber: 0 to 9; hue: 0 to 1; delay: in seconds, beside the subject's own.
  /// - Returns: [16][512], at 1000 Hz.
  public func response(classNumber k: Int, hue: Double, delay: Double) -> [[Double]] {
    var sources = [[Double]](repeating: [Double](repeating: 0, count: 512), count: 16)
    let d = delay + [-0.006, -0.002, 0.002, 0.006][subject], theta = 2 * Double.pi * hue
    func fraction(_ x: Double) -> Double { x - x.rounded(.down) }
    func wave(_ t: Double, _ tau: Double, _ f: Double, _ w: Double, _ phi: Double) -> Double {
      exp(-(t - tau) * (t - tau) / (2 * w * w)) * cos(2 * .pi * f * (t - tau) + phi)
    }
    for j in 0..<4 {
      let q = Double(4 * k + j + 1), source = (7 * k + 3 * j + (j * k) % 3) % 14
      let tau = 0.070 + 0.300 * fraction(0.618034 * q), f = 3 + 9 * fraction(0.754878 * q)
      let w = 0.030 + 0.040 * fraction(0.569840 * q), phi = 2 * Double.pi * fraction(0.4142136 * q)
      let a = 0.7 + 0.6 * fraction(0.7320508 * q)
      let late = d + 0.008 * cos(theta + 2 * .pi * Double(j) / 4)
      for n in 0..<512 { sources[source][n] += a * wave(Double(n) / 1000, tau + late, f, w, phi) }
    }
    for n in 0..<512 {
      let t = Double(n) / 1000
      let (g1, g2) = (wave(t, 0.150 + d, 5, 0.050, 0), wave(t, 0.300 + d, 5, 0.050, 0))
      sources[14][n] = cos(theta) * g1 - sin(theta) * g2
      sources[15][n] = sin(theta) * g1 + cos(theta) * g2
    }
    return sources
  }

  /// Evenly spread points: from the top, each by the golden angle further.
  static func spiral(_ count: Int, span: Double, twist: Double) -> [SIMD3<Double>] {
    (0..<count).map { i in
      let z = 1 - (Double(i) + 0.5) / Double(count) * span
      let azimuth = Double(i) * .pi * (3 - 5.0.squareRoot()) + twist, radius = (1 - z * z).squareRoot()
      return [radius * cos(azimuth), radius * sin(azimuth), z]
    }
  }

  /// exp(-angle^2 / (2 width^2)) for each electrode and source.
  private static func mix(_ electrodes: [SIMD3<Double>], _ sources: [SIMD3<Double>], _ width: Double) -> [[Double]] {
    electrodes.map { e in
      sources.map { source in
        let angle = acos(min(1, max(-1, dot(e, source))))
        return exp(-angle * angle / (2 * width * width))
      }
    }
  }
}

extension SyntheticHead {
  /// What the electrodes record of a response without noise, [electrodes][512], in the networks' unit.
  public func evoked(classNumber: Int, hue: Double, delay: Double) -> [[Double]] {
    let sources = response(classNumber: classNumber, hue: hue, delay: delay)
    return signal.indices.map { electrode in
      (0..<512).map { n in
        gains[electrode] * signal[electrode].indices.reduce(0) { $0 + signal[electrode][$1] * sources[$1][n] }
      }
    }
  }
}
