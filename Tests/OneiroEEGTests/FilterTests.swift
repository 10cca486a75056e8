import Foundation
import OneiroEEG
import Testing

@Suite("Filters, as SciPy has them") struct FilterTests {
  /// Written by Tests/Peers/eeg_preparation.py.
  struct Golden: Decodable {
    struct Filter: Decodable {
      let rate: Double, low: Double?, high: Double?, order: Int, notches: [Double], new_rate: Double?
      let count: Int, every: Int, values: [Double]
    }
    struct Spline: Decodable {
      let from: [[Double]], to: [[Double]], weights: [[Double]]
    }
    let signal: [Double], filters: [Filter], spline: Spline

    static func read() throws -> Golden {
      let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
        "Golden/preparation.json")
      return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
    }
  }

  @Test func everyFilterAgrees() throws {
    let golden = try Golden.read()
    for expected in golden.filters {
      var settings = SignalFilters(
        band: FrequencyBand(low: expected.low, high: expected.high), notches: expected.notches,
        samplingRate: expected.new_rate)
      settings.order = expected.order
      let filter = try ChannelFilter(settings, samplingRate: expected.rate)
      let found = filter(golden.signal)
      #expect(found.count == expected.count)
      let largest = expected.values.map(abs).max() ?? 0
      for (index, value) in expected.values.enumerated() {
        #expect(abs(found[index * expected.every] - value) <= 1e-8 * largest, "\(expected), \(index)")
      }
    }
  }

  @Test func splinesAgreeWithMNE() throws {
    let spline = try Golden.read().spline
    func positions(_ rows: [[Double]]) -> [SIMD3<Double>] { rows.map { [$0[0], $0[1], $0[2]] } }
    let weights = try #require(SphericalSpline.weights(from: positions(spline.from), to: positions(spline.to)))
    for (found, expected) in zip(weights, spline.weights) {
      for (a, b) in zip(found, expected) { #expect(abs(a - b) < 1e-8) }
      #expect(abs(found.reduce(0, +) - 1) < 1e-9)
    }
    #expect(SphericalSpline.weights(from: [], to: [[0, 0, 1]]) == nil)
  }

  @Test func nothingIsShiftedInTime() throws {
    var settings = SignalFilters(band: FrequencyBand(low: 1, high: 40), notches: [50])
    settings.samplingRate = 500
    let filter = try ChannelFilter(settings, samplingRate: 250)
    let bump = (0..<1001).map { exp(-pow((Double($0) - 500) / 5, 2)) }
    let out = filter(bump)
    #expect(out.count == 2002 && out.indices.max { out[$0] < out[$1] } == 1000)
    for n in 1..<400 { #expect(abs(out[1000 - n] - out[1000 + n]) < 1e-3) }
  }

  @Test func systemsAreSolved() throws {
    let solved = try #require(LinearSystem.solve([[0, 2], [4, 1]], [[6, 0], [7, 4]]))
    #expect(solved == [[1, 1], [3, 0]])
    #expect(LinearSystem.solve([[1, 2], [2, 4]], [[1], [2]]) == nil)
  }

  @Test func limitsThatCannotBeAreRefused() {
    expectFailure("notch", "60.0 Hz", "below 50.0 Hz") {
      _ = try ChannelFilter(SignalFilters(notches: [60]), samplingRate: 100)
    }
    expectFailure("band", "1.0:50.0 Hz") {
      _ = try ChannelFilter(SignalFilters(band: FrequencyBand(low: 1, high: 50)), samplingRate: 100)
    }
    expectFailure("resampling", "integers") {
      _ = try ChannelFilter(SignalFilters(samplingRate: 100 * Double.pi), samplingRate: 100)
    }
    #expect(FrequencyBand(low: 4, high: 3) == nil && FrequencyBand(low: nil, high: nil) == nil)
    #expect(FrequencyBand(low: 0, high: 3) == nil && FrequencyBand(low: .nan, high: 3) == nil)
  }
}
