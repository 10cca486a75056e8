/// Noise whose power falls as 1/f, of standard deviation 1, in pieces of 512 samples: random bins with a weight of
/// k^(-1/2), none at 0 Hz. A piece repeats without a seam.
struct PinkNoise {
  static let length = 512
  private let transform = FourierTransform(count: length)
  private let weights: [Double]

  init() {
    let total = (1...256).reduce(0) { $0 + 1 / Double($1) }
    let scale = 512 / (4 * total).squareRoot()
    weights = (0...256).map { $0 == 0 ? 0 : scale / Double($0).squareRoot() }
  }

  /// Independent pieces.
  func pieces(_ count: Int, _ random: inout RandomNormals) -> [[Double]] {
    var pieces: [[Double]] = []
    // Two real pieces are the two parts of one complex one.
    while pieces.count < count { pieces += two(&random) }
    return Array(pieces.prefix(count))
  }

  private func two(_ random: inout RandomNormals) -> [[Double]] {
    var real = [Double](repeating: 0, count: 512), imaginary = real
    for k in 1...256 {
      let (a, b) = (random.normal() * weights[k], random.normal() * weights[k])
      let (c, d) = (random.normal() * weights[k], random.normal() * weights[k])
      // Bins of a + ib for the first piece and c + id for the second, and their mirror images; the last one is real.
      if k == 256 {
        (real[k], imaginary[k]) = (a, c)
      } else {
        (real[k], imaginary[k]) = (a - d, b + c)
        (real[512 - k], imaginary[512 - k]) = (a + d, c - b)
      }
    }
    transform.inverse(&real, &imaginary)
    return [real.map { $0 / 512 }, imaginary.map { $0 / 512 }]
  }
}
