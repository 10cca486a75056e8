import Glibc
import OneiroGraph

/// Two runs of one model by different kernels or after different rewrites, value by value.
public struct RunComparison: Sendable {
  public struct Row: Sendable {
    public let value: String
    public let node: String
    public let op: OpIdentifier
    public let kernel: String
    public let referenceKernel: String
    /// Elements that were compared, and all.
    public let compared, count: Int
    /// Compared elements that are NaN in both runs, and that are the same infinity: neither bears out that the runs agree.
    public let notANumber, infinite: Int
    /// Infinite when one of the two is a NaN, or they are different infinities.
    public let largestDifference: Double
    /// Of the reference's finite elements.
    public let largestMagnitude: Double
    /// In decibels: 10 log10 of the reference's energy over that of the difference; infinite when nothing differs.
    public let signalToNoise: Double

    /// Whether no element is finite in either run, so that there was nothing to compare.
    public var isNotCompared: Bool { compared > 0 && notANumber + infinite == compared }

    /// The largest difference in terms of the largest element.
    public var relativeDifference: Double {
      if largestDifference == 0 { return 0 }
      return largestMagnitude > 0 ? largestDifference / largestMagnitude : .infinity
    }
  }

  /// Values that both runs made, in the order of the run that is judged.
  public let rows: [Row]
  /// Values that only the reference made: inside what the other run has as one step.
  public let onlyInReference: Int

  public init(_ run: ValueRecorder, reference: ValueRecorder) {
    let values = run.values
    rows = values.compactMap { name, found in
      reference.sample(of: name).map { Row(name, found, $0) }
    }
    let names = Set(values.map(\.name))
    onlyInReference = reference.values.count { !names.contains($0.name) }
  }

  /// The first value without a finite element in either run: whatever comes of it, the two were not compared.
  public var firstNotCompared: Row? { rows.first(where: \.isNotCompared) }

  /// The first value that is off by more than `tolerance` times its largest element.
  public func first(beyond tolerance: Double) -> Row? { rows.first { !($0.relativeDifference <= tolerance) } }
}

extension RunComparison.Row {
  init(_ value: String, _ found: ValueRecorder.Sample, _ expected: ValueRecorder.Sample) {
    // Values of different sizes differ whatever they hold.
    var largest = found.count == expected.count ? 0 : Double.infinity
    var notANumber = 0, infinite = 0
    var magnitude = 0.0, signal = 0.0, noise = found.count == expected.count ? 0 : Double.infinity
    for (mine, its) in zip(found.elements, expected.elements) {
      if its.isFinite { magnitude = max(magnitude, abs(its)) }
      // The same infinity, and NaN in both, are no difference.
      if mine == its || (mine.isNaN && its.isNaN) {
        if its.isFinite {
          signal += its * its
        } else if its.isNaN {
          notANumber += 1
        } else {
          infinite += 1
        }
        continue
      }
      let difference = mine - its
      largest = max(largest, difference.isFinite ? abs(difference) : .infinity)
      signal += its.isFinite ? its * its : 0
      noise += difference.isFinite ? difference * difference : .infinity
    }
    self.value = value
    (node, op, kernel, referenceKernel) = (found.node, found.op, found.kernel, expected.kernel)
    (self.notANumber, self.infinite) = (notANumber, infinite)
    (compared, count) = (expected.elements.count, expected.count)
    (largestDifference, largestMagnitude) = (largest, magnitude)
    signalToNoise = noise == 0 ? .infinity : noise.isInfinite ? -.infinity : 10 * log10(signal / noise)
  }
}
