import FoundationEssentials
import OneiroGraph

/// The fields of a `config.json`, and the questions that are asked about them. A field that is null counts as absent.
struct ConfigurationFile {
  /// What messages call it.
  let name: String
  private let fields: [String: ConfigurationValue]

  init(_ json: [UInt8], name: String) throws(GraphError) {
    self.name = name
    do {
      fields = try JSONDecoder().decode([String: ConfigurationValue].self, from: Data(json))
    } catch {
      throw .mismatch(file: name, nil, expected: "a JSON object", found: "\(json.count) bytes that are none")
    }
  }

  init(contentsOf path: String) throws(GraphError) {
    try self.init(MappedFile(path).withBytes { Array($0) }, name: path)
  }

  private init(name: String, fields: [String: ConfigurationValue]) {
    self.name = name
    self.fields = fields
  }

  subscript(key: String) -> ConfigurationValue? {
    guard let value = fields[key], value != .null else { return nil }
    return value
  }

  /// The fields within a field that is an object.
  func section(_ key: String) -> ConfigurationFile? {
    guard case .dictionary(let fields) = self[key] else { return nil }
    return ConfigurationFile(name: "\(name): \(key)", fields: fields)
  }

  func number(_ key: String) throws(GraphError) -> Double? {
    guard let value = self[key] else { return nil }
    guard case .number(let number) = value else { throw mismatch(key, expected: "a number") }
    return number
  }

  func positiveNumber(_ key: String, default standard: Double) throws(GraphError) -> Double {
    guard let number = try number(key) else { return standard }
    guard number > 0, number.isFinite else { throw mismatch(key, expected: "a number above 0") }
    return number
  }

  func count(_ key: String, default standard: Int) throws(GraphError) -> Int {
    guard let value = self[key] else { return standard }
    guard let count = value.count else { throw mismatch(key, expected: "an integer from 1 up") }
    return count
  }

  func bool(_ key: String) throws(GraphError) -> Bool? {
    guard let value = self[key] else { return nil }
    guard case .bool(let bool) = value else { throw mismatch(key, expected: "true or false") }
    return bool
  }

  func string(_ key: String) throws(GraphError) -> String? {
    guard let value = self[key] else { return nil }
    guard case .string(let string) = value else { throw mismatch(key, expected: "a string") }
    return string
  }

  func strings(_ key: String) throws(GraphError) -> [String]? {
    guard let value = self[key] else { return nil }
    guard case .list(let elements) = value else { throw mismatch(key, expected: "a list of strings") }
    var result: [String] = []
    for element in elements {
      guard case .string(let string) = element else { throw mismatch(key, expected: "a list of strings") }
      result.append(string)
    }
    return result
  }

  /// Refuses every value of a field other than these. That it is absent is always fine.
  func require(_ key: String, isOneOf allowed: ConfigurationValue...) throws(GraphError) {
    guard let value = self[key], !allowed.contains(value) else { return }
    throw mismatch(key, expected: (allowed.isEmpty ? [.null] : allowed).map(\.description).joined(separator: " or "))
  }

  func mismatch(_ key: String, expected: String) -> GraphError {
    let found = self[key]?.description ?? "none"
    return .mismatch(
      file: name, key, expected: expected, found: found.count > 200 ? found.prefix(200) + "…" : found)
  }
}

/// A value in a JSON file.
enum ConfigurationValue: Decodable, Equatable, CustomStringConvertible {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case list([ConfigurationValue])
  case dictionary([String: ConfigurationValue])

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .null
    } else if let bool = try? value.decode(Bool.self) {
      self = .bool(bool)
    } else if let number = try? value.decode(Double.self) {
      self = .number(number)
    } else if let string = try? value.decode(String.self) {
      self = .string(string)
    } else if let list = try? value.decode([ConfigurationValue].self) {
      self = .list(list)
    } else {
      self = .dictionary(try value.decode([String: ConfigurationValue].self))
    }
  }

  /// An integer from 1 up.
  var count: Int? {
    guard case .number(let number) = self, let count = Int(exactly: number), count > 0 else { return nil }
    return count
  }

  var description: String {
    switch self {
    case .null: "null"
    case .bool(let bool): "\(bool)"
    case .number(let number): Int(exactly: number).map(String.init) ?? "\(number)"
    case .string(let string): "\"\(string)\""
    case .list(let elements): "[\(elements.map(\.description).joined(separator: ", "))]"
    case .dictionary(let entries):
      "{\(entries.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", "))}"
    }
  }
}
