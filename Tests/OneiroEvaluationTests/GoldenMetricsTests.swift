import Foundation
import OneiroDream
import OneiroEvaluation
import OneiroGraph
import Testing

@Suite("Scores are those of the original evaluation") struct GoldenMetricsTests {
  private struct Expected: Decodable {
    struct Case: Decodable, CustomTestStringConvertible {
      let vector: Int, class_id: Int, n_way: Int, trials: Int, top_k: Int
      let mean: Double
      var key: String { "nway.\(vector).n\(n_way)_t\(trials)_k\(top_k)" }
      var testDescription: String { key }
    }
    let nway: [Case]
    let pairwise: Pairwise
    struct Pairwise: Decodable {
      let pairwise_mse_float, pairwise_pcc_uint8, pairwise_ssim_uint8, nway3_ssim_uint8_trials10: [Double]
    }
  }

  private static func expected() throws -> Expected {
    try JSONDecoder().decode(Expected.self, from: Golden.data("metrics_small.json"))
  }

  @Test func nWayAccuracyOfTheRecordedDraws() throws {
    let arrays = try Golden.load("metrics_small")
    let cases = try Self.expected().nway
    #expect(cases.count == 16)
    for known in cases {
      let scores = try #require(arrays["nway.\(known.vector).probs"]).elements(of: Float.self)
      let picks = try #require(arrays["\(known.key).picks"])
      let numbers = picks.int64s().map(Int.init)
      // They are numbers of the classes without the true one.
      let drawn = (0..<known.trials).map { trial in
        Array(numbers[trial * (known.n_way - 1)..<(trial + 1) * (known.n_way - 1)])
      }
      let task = NWayTask(trueClass: known.class_id, picks: drawn)
      #expect(abs(task.accuracy(scores, topK: known.top_k) - known.mean) < 1e-12, "\(known.key)")
      #expect(!drawn.joined().contains(known.class_id))
    }
  }

  @Test(arguments: PictureMetric.allCases) func everyPairOfPictures(metric: PictureMetric) throws {
    let arrays = try Golden.load("metrics_small")
    let drawn = Golden.pictures(try #require(arrays["img.pred"])),
      shown = Golden.pictures(try #require(arrays["img.gt"]))
    let expected = try #require(arrays[metric == .mse ? "img.mse_float" : "img.\(metric.rawValue)"]).doubles()
    for (row, one) in drawn.enumerated() {
      for (column, other) in shown.enumerated() {
        let value = metric.value(one, other), wanted = expected[row * shown.count + column]
        #expect(
          abs(value - wanted) <= 1e-9 * max(abs(wanted), 1), "\(metric) of \(row), \(column): \(value), \(wanted)")
      }
    }
  }

  @Test func pairwiseScores() throws {
    let arrays = try Golden.load("metrics_small")
    let drawn = Golden.pictures(try #require(arrays["img.pred"])),
      shown = Golden.pictures(try #require(arrays["img.gt"]))
    let expected = try Self.expected().pairwise
    for (metric, wanted) in [
      (PictureMetric.mse, expected.pairwise_mse_float), (.pcc, expected.pairwise_pcc_uint8),
      (.ssim, expected.pairwise_ssim_uint8),
    ] {
      for (index, picture) in drawn.enumerated() {
        let sign = metric.isBetterWhenLarger ? 1.0 : -1
        let others = shown.indices.filter { $0 != index }.map { sign * metric.value(picture, shown[$0]) }
        let own = sign * metric.value(picture, shown[index])
        #expect(Identification.pairwise(own: own, others: others) == wanted[index])
        if metric == .ssim {
          #expect(Identification.nWay(own: own, others: others, ways: 3) == expected.nway3_ssim_uint8_trials10[index])
        }
      }
    }
  }

  @Test func numbersAreDrawnAsNumPyDrawsThem() throws {
    // numpy.random.seed(2022); numpy.random.choice(999, 49, replace=False)
    let expected = [
      152, 526, 687, 991, 929, 887, 519, 867, 671, 799, 288, 102, 450, 790, 758, 740, 532, 26, 58, 490, 697, 228,
      246, 579, 714, 868, 275, 127, 162, 555, 546, 414, 705, 763, 825, 345, 406, 492, 363, 193, 300, 605, 570, 690,
      522, 765, 851, 456, 433,
    ]
    var generator = NumpyGenerator(seed: 2022)
    #expect(generator.choice(999, count: 49) == expected)
  }
}
