import Foundation
import OneiroGraph
import OneiroRuntime

extension QuantizationReport {
  /// For a terminal: a line for each part, then what is not as asked for, and what the pictures say.
  public var text: String {
    var lines = partsTable.lines
    for part in parts {
      if let equalization = part.equalization {
        let gains = equalization.activations.map(\.gain).sorted()
        var line =
          "\(part.role.isEmpty ? "" : part.role + ": ")\(gains.count) of \(equalization.candidateCount) activations equalized"
        if let least = gains.first, let most = gains.last {
          line += ", whose layers gain \(Self.decibels(least)) to \(Self.decibels(most)) dB"
        }
        lines.append(line)
      }
      if let line = Self.comparison(part) { lines.append(line) }
      for (reason, count) in part.reasons {
        let what = setting.goal == nil ? "not \(scheme)" : "not free to choose"
        lines.append("\(part.role.isEmpty ? "" : part.role + ": ")\(count) \(what): \(reason)")
      }
    }
    if let openRatio { lines.append(openRatio) }
    if let pictures {
      var line = "\(counted(pictures.count, "picture")): PSNR \(Self.decibels(pictures.psnr)) dB"
      line += String(format: ", SSIM %.4f", pictures.ssim)
      if let right = pictures.right { line += ", classified right \(right.after), before \(right.before)" }
      lines.append(line)
    }
    return lines.map { $0 + "\n" }.joined()
  }

  /// `unet: kept w8a8, 0.920 ms at 32.1 dB; float32 1.421 ms, layer by layer 0.990 ms at 33.0 dB`; what may not be kept
  /// is in parentheses.
  static func comparison(_ part: PartReport) -> String? {
    guard let kept = part.compared.first(where: \.isKept) else { return nil }
    func text(_ choice: ComparedChoice) -> String {
      let ratio = choice.noise.noise == 0 ? "" : " at \(decibels(choice.noise.decibels)) dB"
      let text = "\(choice.name)\(choice.isKept ? "," : "") \(milliseconds(choice.seconds)) ms\(ratio)"
      return choice.meetsGoal || choice.isKept ? text : "(\(text))"
    }
    let others = part.compared.filter { !$0.isKept }.map(text)
    let line = "\(part.role.isEmpty ? "" : part.role + ": ")kept \(text(kept))"
    return others.isEmpty ? line : "\(line); \(others.joined(separator: ", "))"
  }

  /// "none" where nothing is left of the signal, or it is not finite.
  public static func decibels(_ value: Double) -> String {
    value == .infinity ? "exact" : value.isFinite ? String(format: "%.1f", value) : "none"
  }

  static func milliseconds(_ seconds: Double?) -> String {
    seconds.map { String(format: $0 < 0.01 ? "%.3f" : "%.1f", $0 * 1e3) } ?? ""
  }

  /// "27".
  public static func percent(_ part: Int, of whole: Int) -> String {
    whole == 0 ? "100" : String(format: "%.0f", 100 * Double(part) / Double(whole))
  }
}
