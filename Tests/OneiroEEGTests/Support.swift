import Foundation
import OneiroEEG
import OneiroGraph
import Testing

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
