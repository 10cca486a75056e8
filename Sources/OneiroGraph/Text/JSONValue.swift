/// A JSON document whose objects keep the order of their keys, so that output reads as it was meant and is the same
/// every time.
public indirect enum JSONValue: Sendable {
  case null
  case bool(Bool)
  case int(Int64)
  /// Written as a string where it is NaN or infinite, for which JSON has no number.
  case number(Double)
  /// A number with exactly the digits given.
  case literal(String)
  case string(String)
  case array([JSONValue])
  case object([(key: String, value: JSONValue)])

  public static func int(_ value: Int) -> JSONValue { .int(Int64(value)) }
  public static func optional(_ text: String?) -> JSONValue { text.map(JSONValue.string) ?? .null }

  /// Over several lines: what fits into one stands on one, two spaces a level.
  public var text: String {
    var result = ""
    write(to: &result, indentation: "")
    return result
  }

  /// What still stands on one line.
  private static let lineWidth = 100

  private func write(to text: inout String, indentation: String) {
    let line = compact
    guard line.utf8.count + indentation.utf8.count > Self.lineWidth else {
      text += line
      return
    }
    let inner = indentation + "  "
    switch self {
    case .array(let elements):
      text += "[\n"
      for (index, element) in elements.enumerated() {
        text += inner
        element.write(to: &text, indentation: inner)
        text += index + 1 < elements.count ? ",\n" : "\n"
      }
      text += indentation + "]"
    case .object(let members):
      text += "{\n"
      for (index, member) in members.enumerated() {
        text += "\(inner)\(Self.quoted(member.key)): "
        member.value.write(to: &text, indentation: inner)
        text += index + 1 < members.count ? ",\n" : "\n"
      }
      text += indentation + "}"
    default: text += line
    }
  }

  /// The whole document on one line.
  public var compact: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .int(let value): "\(value)"
    case .number(let value): value.isFinite ? "\(value)" : "\"\(value)\""
    case .literal(let digits): digits
    case .string(let value): Self.quoted(value)
    case .array(let elements): "[\(elements.map(\.compact).joined(separator: ", "))]"
    case .object(let members):
      "{\(members.map { "\(Self.quoted($0.key)): \($0.value.compact)" }.joined(separator: ", "))}"
    }
  }

  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\":
        result += "\\"
        result.unicodeScalars.append(scalar)
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
