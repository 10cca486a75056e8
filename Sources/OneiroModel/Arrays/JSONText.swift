import Foundation
import OneiroGraph

/// JSON of files that other programs wrote.
package enum JSONText {
  /// Decodes an object and refuses a key that is there twice in one object: decoders keep one of the values, and not
  /// all of them the same.
  /// - subject: what errors call the text.
  package static func decode<T: Decodable>(
    _ type: T.Type, _ bytes: UnsafeRawBufferPointer, file: String, subject: String
  )
    throws(GraphError) -> T
  {
    let value: T
    do {
      value = try JSONDecoder().decode(type, from: Data(bytes))
    } catch {
      throw .invalid(file: file, subject, "is not what the format asks for: \(reason(error))")
    }
    if let key = repeatedKey(in: bytes) {
      throw .invalid(file: file, subject, "has the key \(key) twice in one object")
    }
    return value
  }

  /// The first key that its object has already, as it stands in the text. The text has to be JSON.
  private static func repeatedKey(in bytes: UnsafeRawBufferPointer) -> String? {
    // Keys seen of each object around the place; of an array, nothing is entered.
    var seen: [Set<String>] = []
    var last: Range<Int>?
    var at = 0
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "{"), UInt8(ascii: "["): seen.append([])
      case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = seen.popLast()
      case UInt8(ascii: "\""):
        let start = at
        at += 1
        while at < bytes.count, bytes[at] != UInt8(ascii: "\"") { at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1 }
        last = start..<min(at + 1, bytes.count)
      case UInt8(ascii: ":"):
        // A colon outside of text follows a key.
        guard let last, !seen.isEmpty else { return nil }
        let text = String(decoding: bytes[last], as: UTF8.self)
        let key = text.contains("\\") ? (try? JSONDecoder().decode(String.self, from: Data(bytes[last]))) ?? text : text
        let plain = text.contains("\\") ? "\"\(key)\"" : key
        guard seen[seen.count - 1].insert(plain).inserted else { return plain }
      default: break
      }
      at += 1
    }
    return nil
  }

  private static func reason(_ error: any Error) -> String {
    switch error {
    case DecodingError.dataCorrupted(let context), DecodingError.typeMismatch(_, let context),
      DecodingError.valueNotFound(_, let context), DecodingError.keyNotFound(_, let context):
      let place = context.codingPath.map(\.stringValue).joined(separator: ".")
      return (place.isEmpty ? "" : "\(place.prefix(80)): ") + context.debugDescription
    default: return "\(error)"
    }
  }
}
