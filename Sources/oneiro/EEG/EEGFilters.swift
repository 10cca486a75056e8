import ArgumentParser
import OneiroEEG

/// Filters of channels, all zero-phase.
struct EEGFilters: ParsableArguments {
  @Option(
    help: ArgumentHelp("What a Butterworth filter lets through, in Hz: 1:40, 0.5: or :30.", valueName: "low:high"))
  var band: FrequencyBand?
  @Option(help: ArgumentHelp("The order of that filter.", valueName: "n")) var order: Int?
  @Option(help: ArgumentHelp("Frequencies to take out, with commas between them.", valueName: "Hz"))
  var notch: CommaList<Double>?

  func validate() throws {
    if let order, !(1...20).contains(order) { throw ValidationError("--order: expected 1 to 20, found \(order)") }
    if let wrong = notch?.values.first(where: { !($0 > 0 && $0.isFinite) }) {
      throw ValidationError("--notch: expected more than 0, found \(wrong)")
    }
  }
}

extension FrequencyBand: ExpressibleByArgument {
  public init?(argument: String) {
    let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    let limits = parts.map { $0.isEmpty ? nil : Double($0) }
    guard zip(parts, limits).allSatisfy({ $0.isEmpty || $1 != nil }) else { return nil }
    self.init(low: limits[0], high: limits[1])
  }
}
