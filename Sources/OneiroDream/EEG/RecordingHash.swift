import OneiroGraph
import OneiroModel

/// What tells one recording from another.
public enum RecordingHash {
  /// The SHA-256 of a file; of several, that of a list of theirs, in lower-case hexadecimal.
  public static func hex(of files: [String]) throws(DreamError) -> String {
    do throws(GraphError) {
      if files.count == 1 { return try SHA256.hex(ofFile: files[0]) }
      var list = ""
      for file in files { list += try SHA256.hex(ofFile: file) + "\n" }
      return SHA256.hex(ofBytes: Array(list.utf8))
    } catch {
      throw .graph(error)
    }
  }
}
