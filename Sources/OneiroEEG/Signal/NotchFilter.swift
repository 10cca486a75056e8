import Foundation

extension SecondOrderSections {
  /// A filter that takes one frequency out, such as that of the mains.
  /// - quality: the frequency by the width of what is lost, at 3 dB.
  /// - Returns: `nil` where the frequency is not above 0 and below half of the sampling rate.
  public static func notch(frequency: Double, quality: Double, samplingRate: Double) -> SecondOrderSections? {
    precondition(quality > 0)
    guard frequency > 0, frequency < samplingRate / 2 else { return nil }
    let angle = 2 * Double.pi * frequency / samplingRate
    let gain = 1 / (1 + tan(angle / quality / 2))
    return SecondOrderSections(
      sections: [
        Section(b0: gain, b1: -2 * gain * cos(angle), b2: gain, a1: -2 * gain * cos(angle), a2: 2 * gain - 1)
      ], order: 2)
  }
}
