import Foundation
import OneiroEvaluation
import Testing

@Suite struct StatisticsTests {
  /// Scores 1, 2, ..., 100: the standard error of the mean is sqrt(variance / n) = 2.887, so the interval is ±1.96 of
  /// it.
  @Test func theIntervalIsThatOfTheStandardError() throws {
    var bootstrap = PoissonBootstrap(width: 1, replicates: 4000, seed: 1)
    for value in 1...100 { bootstrap.add(unit: UInt64(value), [Double(value)]) }
    let estimate = try #require(bootstrap.estimate(0))
    let error = (833.25 / 100).squareRoot()
    #expect(estimate.mean == 50.5 && estimate.count == 100)
    #expect(abs(estimate.low - (50.5 - 1.96 * error)) < 0.1 * error)
    #expect(abs(estimate.high - (50.5 + 1.96 * error)) < 0.1 * error)
  }

  @Test func theSameSeedGivesTheSameInterval() throws {
    func run(_ seed: UInt64) throws -> Estimate {
      var bootstrap = PoissonBootstrap(width: 1, replicates: 200, seed: seed)
      for value in 0..<20 { bootstrap.add(unit: UInt64(value), [Double(value % 7)]) }
      return try #require(bootstrap.estimate(0))
    }
    #expect(try run(5) == run(5))
    #expect(try run(5) != run(6))
  }

  /// What two scores have in common goes out of their difference.
  @Test func differencesArePaired() throws {
    var bootstrap = PoissonBootstrap(width: 2, replicates: 500, seed: 3)
    for value in 0..<50 { bootstrap.add(unit: UInt64(value), [Double(value * value) + 1, Double(value * value)]) }
    let difference = try #require(bootstrap.difference(0, 1))
    #expect(abs(difference.mean - 1) < 1e-9 && abs(difference.low - 1) < 1e-9 && abs(difference.high - 1) < 1e-9)
    let one = try #require(bootstrap.estimate(0))
    #expect(one.high - one.low > 100)
  }

  /// Ten trials of each of ten stimuli are ten observations and not a hundred.
  @Test func trialsOfOneUnitAreDrawnTogether() throws {
    func width(unit: (Int) -> Int) throws -> Double {
      var bootstrap = PoissonBootstrap(width: 1, replicates: 2000, seed: 4)
      for value in 0..<100 { bootstrap.add(unit: UInt64(unit(value)), [Double(value / 10)]) }
      let estimate = try #require(bootstrap.estimate(0))
      return estimate.high - estimate.low
    }
    let apart = try width { $0 }, together = try width { $0 / 10 }
    #expect(abs(together / apart - 10.0.squareRoot()) < 0.3, "\(together) and \(apart)")
  }

  @Test func scoresThatAreMissingArePassedOver() throws {
    var bootstrap = PoissonBootstrap(width: 2, replicates: 100)
    bootstrap.add(unit: 0, [1, .nan])
    bootstrap.add(unit: 1, [.nan, .nan])
    #expect(bootstrap.estimate(0)?.mean == 1 && bootstrap.estimate(0)?.count == 1)
    #expect(bootstrap.estimate(1) == nil && bootstrap.difference(0, 1) == nil)
    #expect(bootstrap.unitCount == 2)
  }

  @Test func eigenvaluesOfKnownMatrices() {
    let two = SymmetricEigen([2, 1, 1, 2], count: 2)
    #expect(zip(two.values.sorted(), [1, 3]).allSatisfy { abs($0 - $1) < 1e-12 })
    #expect(SymmetricEigen([], count: 0).values.isEmpty)
    #expect(SymmetricEigen([7], count: 1).values == [7])
    // Second differences of n points: 2 - 2 cos(πk / (n + 1)), k = 1 ... n.
    let count = 60
    var matrix = [Double](repeating: 0, count: count * count)
    for row in 0..<count {
      matrix[row * count + row] = 2
      if row > 0 { (matrix[row * count + row - 1], matrix[(row - 1) * count + row]) = (-1, -1) }
    }
    let known = (1...count).map { 2 - 2 * cos(.pi * Double($0) / Double(count + 1)) }
    #expect(zip(SymmetricEigen(matrix, count: count).values.sorted(), known).allSatisfy { abs($0 - $1) < 1e-12 })
  }

  @Test func eigenvectorsGiveTheMatrixBack() {
    let count = 31
    var generator = SeededGenerator(9)
    var matrix = [Double](repeating: 0, count: count * count)
    for row in 0..<count {
      for column in 0...row {
        let value = generator.uniform() - 0.5
        (matrix[row * count + column], matrix[column * count + row]) = (value, value)
      }
    }
    let eigen = SymmetricEigen(matrix, count: count)
    #expect(zip(eigen.reassembled { $0 }, matrix).allSatisfy { abs($0 - $1) < 1e-12 })
    let identity = eigen.reassembled { _ in 1 }
    for index in identity.indices {
      #expect(abs(identity[index] - (index / count == index % count ? 1 : 0)) < 1e-12)
    }
  }

  /// Repeated and zero eigenvalues, as covariances of few samples have.
  @Test func eigenvaluesOfAMatrixOfRankOne() {
    let vector = [1.0, 2, 3, 4]
    let eigen = SymmetricEigen(vector.flatMap { a in vector.map { a * $0 } }, count: 4)
    #expect(zip(eigen.values.sorted(), [0, 0, 0, 30]).allSatisfy { abs($0 - $1) < 1e-12 })
  }
}
