import OneiroGraph
import OneiroModel

/// A `.tsv` file of BIDS: a line of column names, then rows; "n/a" for what is not known.
struct TabularFile {
  let path: String
  let columns: [String]
  let rows: [[String]]

  init(_ path: String) throws(GraphError) {
    self.path = path
    let text = try MappedFile(path).withBytes { (bytes) throws(GraphError) in
      String(decoding: bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...], as: UTF8.self)
    }
    let lines = text.split(whereSeparator: \.isNewline).map {
      $0.split(separator: "\t", omittingEmptySubsequences: false)
    }
    guard let first = lines.first else {
      throw .mismatch(file: path, nil, expected: "a line of column names", found: "an empty file")
    }
    columns = first.map { $0.lowercased() }
    for (number, line) in lines.enumerated().dropFirst() where line.count != first.count {
      throw .mismatch(
        file: path, "row \(number)", expected: "\(first.count) columns because the first line has so many",
        found: "\(line.count)")
    }
    rows = lines.dropFirst().map { $0.map(String.init) }
  }

  /// `nil` where the column is missing or the value is not known.
  func value(_ row: [String], _ column: String) -> String? {
    guard let index = columns.firstIndex(of: column), row[index] != "n/a", !row[index].isEmpty else { return nil }
    return row[index]
  }
}
