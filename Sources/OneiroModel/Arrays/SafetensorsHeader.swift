import Foundation
import OneiroGraph

/// What the header of a safetensors file says of its tensors, checked against the file: nothing of them is read yet.
struct SafetensorsHeader {
  struct Entry: Sendable {
    let name: String
    let elementType: ElementType
    let dims: [Int]
    /// Where the elements lie in the file.
    let range: Range<Int>

    func tensor(of file: MappedFile) -> Tensor {
      let storage = file.storage(range, alignment: max(elementType.bitWidth / 8, 1))
      return Tensor(elementType, dims: dims, storage: storage).withBoolsNormalised()
    }
  }
  let entries: [Entry]
  /// The free key-value pairs ("__metadata__").
  let metadata: [String: String]

  /// The limit that the format itself sets.
  private static let longest = 100_000_000

  init(_ file: MappedFile) throws(GraphError) {
    let path = file.path
    (entries, metadata) = try file.withBytes { (bytes) throws(GraphError) in try Self.read(bytes, path) }
  }

  /// What a file of text begins with; `nil` for other bytes.
  private static func beginning(_ bytes: UnsafeRawBufferPointer) -> String? {
    let start = bytes.prefix(32)
    guard start.allSatisfy({ (32...126).contains($0) || (9...13).contains($0) }) else { return nil }
    return "text that begins with \"\(String(decoding: start.prefix { $0 >= 32 }, as: UTF8.self))\""
  }

  private static func read(_ bytes: UnsafeRawBufferPointer, _ path: String) throws(GraphError) -> (
    [Entry], [String: String]
  ) {
    guard bytes.count >= 8 else {
      throw .mismatch(file: path, nil, expected: "a safetensors file", found: "\(bytes.count) bytes")
    }
    let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard length <= UInt64(longest) else {
      throw .mismatch(
        file: path, nil,
        expected: "a safetensors file, which begins with the length of its header (at most \(longest) bytes)",
        found: beginning(bytes) ?? "\(length) there")
    }
    let dataStart = 8 + Int(length)
    guard dataStart <= bytes.count else {
      throw .mismatch(
        file: path, nil, expected: "at least \(dataStart) bytes", found: "\(bytes.count)",
        because: "the safetensors header takes \(length); the file may have been downloaded in part")
    }
    let header = try JSONText.decode(
      [String: Field].self, UnsafeRawBufferPointer(rebasing: bytes[8..<dataStart]), file: path,
      subject: "safetensors header")
    var metadata: [String: String] = [:]
    var entries: [(entry: Entry, byteCount: Int)] = []
    for (name, field) in header.sorted(by: { $0.key < $1.key }) {
      switch field {
      case .metadata(let pairs):
        guard name == "__metadata__" else {
          throw .invalid(file: path, "tensor \"\(name)\"", "has no dtype, shape and offsets")
        }
        metadata = pairs
      case .tensor(let dtype, let dims, let offsets):
        entries.append(try entry(name, dtype, dims, offsets, dataStart: dataStart, path))
      }
    }
    let sorted = entries.map(\.entry).sorted { $0.range.lowerBound < $1.range.lowerBound }
    if let last = sorted.max(by: { $0.range.upperBound < $1.range.upperBound }), last.range.upperBound > bytes.count {
      let first = sorted.first { $0.range.upperBound > bytes.count } ?? last
      throw .mismatch(
        file: path, "tensor \"\(first.name)\"", expected: "at least \(first.range.upperBound) bytes in the file",
        found: "\(bytes.count)",
        because:
          "its data_offsets lie there (all tensors need \(last.range.upperBound); a part may have been downloaded)")
    }
    for (entry, byteCount) in entries where entry.range.count != byteCount {
      throw .mismatch(
        file: path, "tensor \"\(entry.name)\"", expected: "\(byteCount) bytes", found: "\(entry.range.count)",
        because: "the shape is \(entry.elementType.name)\(entry.dims)")
    }
    let taken = sorted.filter { !$0.range.isEmpty }
    for (one, next) in zip(taken, taken.dropFirst()) where one.range.upperBound > next.range.lowerBound {
      throw .invalid(file: path, "tensor \"\(next.name)\"", "overlaps with tensor \"\(one.name)\"")
    }
    return (entries.map(\.entry), metadata)
  }

  private static func entry(
    _ name: String, _ dtype: String, _ dims: [Int], _ offsets: [Int], dataStart: Int, _ path: String
  ) throws(GraphError) -> (Entry, byteCount: Int) {
    let subject = "tensor \"\(name)\""
    guard let type = SafetensorsFile.codes.first(where: { $0.code == dtype })?.type else {
      let known = SafetensorsFile.codes.map(\.code).joined(separator: ", ")
      throw .mismatch(file: path, subject, expected: "a dtype of \(known)", found: "\"\(dtype.prefix(40))\"")
    }
    guard let count = Tensor.elementCount(dims), let byteCount = type.byteCount(of: count) else {
      throw .mismatch(
        file: path, subject, expected: "extents from 0 up whose product can be counted", found: "\(dims)")
    }
    guard offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1], offsets[1] <= Int.max - dataStart else {
      throw .mismatch(file: path, subject, expected: "data_offsets [begin, end] from 0 up", found: "\(offsets)")
    }
    let range = dataStart + offsets[0]..<dataStart + offsets[1]
    return (Entry(name: name, elementType: type, dims: dims, range: range), byteCount)
  }

  /// What the header says of one name.
  private enum Field: Decodable {
    case tensor(dtype: String, dims: [Int], offsets: [Int])
    case metadata([String: String])

    private enum CodingKeys: String, CodingKey {
      case dtype, shape
      case offsets = "data_offsets"
    }

    init(from decoder: any Decoder) throws {
      // Metadata has other keys and text values alone.
      guard decoder.codingPath.last?.stringValue != "__metadata__" else {
        self = .metadata(try decoder.singleValueContainer().decode([String: String].self))
        return
      }
      let fields = try decoder.container(keyedBy: CodingKeys.self)
      self = .tensor(
        dtype: try fields.decode(String.self, forKey: .dtype), dims: try fields.decode([Int].self, forKey: .shape),
        offsets: try fields.decode([Int].self, forKey: .offsets))
    }
  }
}
