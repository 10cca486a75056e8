import Foundation
import OneiroEEG
import OneiroGraph
import Testing

/// A folder that goes with the test.
final class Folder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("oneiro-eeg-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Folders in the name are made.
  @discardableResult func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> String {
    let url = URL(fileURLWithPath: file(name))
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
    return url.path
  }

  @discardableResult func write(_ text: String, to name: String) throws -> String { try write(text.utf8, to: name) }

  func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: file(name)))) }
}

/// A text of fixed width.
func padded(_ text: String, _ width: Int) -> [UInt8] {
  precondition(text.utf8.count <= width, text)
  return Array(text.utf8) + [UInt8](repeating: 0x20, count: width - text.utf8.count)
}

extension [UInt8] {
  func replacing(_ offset: Int, _ width: Int, with text: String) -> [UInt8] {
    var copy = self
    copy.replaceSubrange(offset..<offset + width, with: padded(text, width))
    return copy
  }
}

/// Whether the call fails with a message that has all of the words.
func expectFailure(
  _ words: String..., sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) {
  let error = #expect(throws: GraphError.self, sourceLocation: sourceLocation) { try body() }
  for word in words {
    #expect(
      error?.description.contains(word) == true, "\(error?.description ?? "no error")", sourceLocation: sourceLocation)
  }
}
