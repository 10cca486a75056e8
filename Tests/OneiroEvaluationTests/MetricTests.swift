import Foundation
import OneiroDream
import OneiroEvaluation
import OneiroGraph
import OneiroPicture
import Testing

@Suite("Metrics worked out by hand") struct MetricTests {
  private func grey(_ levels: [UInt8], width: Int) -> Picture {
    Picture(width: width, height: levels.count / width, pixels: levels.flatMap { [$0, $0, $0] })
  }

  @Test func squaredErrorDoesNotOverflow() {
    #expect(PictureMetric.mse.value(grey([0, 0, 0, 0], width: 2), grey([255, 255, 0, 0], width: 2)) == 32512.5)
    #expect(PictureMetric.mse.value(grey([0], width: 1), grey([16], width: 1)) == 256)
  }

  @Test func correlation() {
    let rising = grey([0, 10, 20, 30], width: 2)
    #expect(abs(PictureMetric.pcc.value(rising, grey([5, 25, 45, 65], width: 2)) - 1) < 1e-12)
    #expect(abs(PictureMetric.pcc.value(rising, grey([90, 60, 30, 0], width: 2)) + 1) < 1e-12)
    #expect(PictureMetric.pcc.value(rising, grey([9, 9, 9, 9], width: 2)) == 0)
  }

  @Test func structuralSimilarity() {
    let flat = grey([UInt8](repeating: 100, count: 64), width: 8)
    #expect(PictureMetric.ssim.value(flat, flat) == 1)
    // Without variance the second factor is 1: (2 · 100 · 50 + 6.5025) / (100² + 50² + 6.5025).
    let darker = grey([UInt8](repeating: 50, count: 64), width: 8)
    #expect(abs(PictureMetric.ssim.value(flat, darker) - 10006.5025 / 12506.5025) < 1e-12)
    #expect(PictureMetric.ssim.value(grey([1, 2, 3, 4], width: 2), grey([1, 2, 3, 4], width: 2)).isNaN)
  }

  @Test func identification() {
    #expect(Identification.pairwise(own: 3, others: [1, 2, 3, 4]) == 0.5)
    #expect(Identification.pairwise(own: 3, others: []).isNaN)
    // Two of four are worse: a draw of two has both with probability 1 / 6.
    #expect(abs(Identification.nWay(own: 3, others: [1, 2, 3, 4], ways: 3) - 1.0 / 6) < 1e-12)
    #expect(Identification.nWay(own: 5, others: [1, 2, 3, 4], ways: 5) == 1)
    #expect(Identification.nWay(own: 3, others: [1, 2, 3, 4], ways: 5) == 0)
    #expect(Identification.isRetrieved(own: 3, others: [1, 2, 4], topK: 1) == 0)
    #expect(Identification.isRetrieved(own: 3, others: [1, 2, 4], topK: 2) == 1)
    #expect(Identification.isRetrieved(own: 3, others: [3, 1], topK: 1) == 0)
    #expect(Identification.cosine([3, 4], [4, 3]) == 0.96)
    #expect(Identification.cosine([0, 0], [4, 3]) == 0)
  }

  @Test func nWayAccuracyAsksForTheBest() {
    let scores: [Double] = [0.1, 0.5, 0.3, 0.3]
    let task = NWayTask(trueClass: 2, picks: [[0], [1], [3], [0, 3], [0, 1]])
    // Right against 0 alone; against 3 it is a draw, which does not count.
    #expect(task.accuracy(scores, topK: 1) == 0.2)
    #expect(task.accuracy(scores, topK: 2) == 1)
    #expect(NWayTask(trueClass: 0, picks: [[1], [2]]).accuracy([1, 1, 1], topK: 1) == 0)
  }

  @Test func otherClassesAreDrawnOnceAndNeverTheTrueOne() {
    var generator = NumpyGenerator(seed: 1)
    let task = NWayTask(trueClass: 4, classCount: 10, ways: 7, draws: 200, using: &generator)
    #expect(task.picks.count == 200)
    #expect(task.picks.allSatisfy { $0.count == 6 && Set($0).count == 6 && !$0.contains(4) })
    #expect(Set(task.picks.joined()) == Set(0..<10).subtracting([4]))
  }

  /// Normal distributions without correlations: |m1 - m2|² + Σ (s1 - s2)².
  @Test func frechetDistanceOfDiagonals() {
    func moments(_ columns: [[Float]]) -> FeatureMoments {
      var moments = FeatureMoments()
      for row in columns[0].indices { moments.add(columns.map { $0[row] }) }
      return moments
    }
    // Deviations of 2 and 1, over n - 1 = 3: sums of squares 12 and 3. The columns are at right angles.
    let side = Float(3.0.squareRoot())
    let one = moments([[side, -side, side, -side], [side / 2, side / 2, -side / 2, -side / 2]])
    let other = moments([[5, 5, 5, 5], [side / 2, side / 2, -side / 2, -side / 2]])
    #expect(abs(FrechetDistance.value(one, one)) < 1e-6)
    #expect(abs(FrechetDistance.value(one, other) - (25 + 4)) < 1e-5)
    #expect(abs(FrechetDistance.value(other, one) - (25 + 4)) < 1e-5)
  }

  @Test(arguments: ["11x16", "16x11", "64x40", "20x23"]) func picturesAreResizedAsPyTorchDoes(size: String) throws {
    let arrays = try Golden.load("resize")
    let image = try #require(arrays["image"])
    let picture = Golden.pictures(image)[0]
    for (kind, antialias) in [("plain", false), ("antialias", true)] {
      guard let expected = arrays["\(size).\(kind)"].map({ Golden.pictures($0)[0] }) else { continue }
      let found = picture.resized(width: expected.width, height: expected.height, antialias: antialias)
      let largest = zip(found.pixels, expected.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
      #expect(largest <= 1, "\(size), \(kind)")
      #expect(zip(found.pixels, expected.pixels).count { $0 != $1 } <= expected.pixels.count / 200, "\(size), \(kind)")
    }
  }
}
