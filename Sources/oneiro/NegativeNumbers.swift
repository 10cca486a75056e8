/// The parser takes whatever begins with a dash for an option, so that `--depth -5` would be told that a value is
/// missing.
enum NegativeNumbers {
  /// Each such number with the option before it in one argument, `--depth=-5`: the option says what it makes of it. No
  /// option begins with a digit.
  static func joined(_ arguments: [String]) -> [String] {
    var result: [String] = []
    for (index, argument) in arguments.enumerated() {
      // Behind this there are no options.
      if argument == "--" { return result + arguments[index...] }
      if isNegative(argument), let last = result.last, last.hasPrefix("--"), !last.contains("=") {
        result[result.count - 1] = "\(last)=\(argument)"
      } else {
        result.append(argument)
      }
    }
    return result
  }

  private static func isNegative(_ argument: String) -> Bool {
    guard argument.first == "-", let second = argument.dropFirst().first else { return false }
    return second.isASCII && (second.isNumber || second == ".")
  }
}
