import OneiroGraph
import Synchronization

/// A file that is complete and has no name yet: it gets one with `commit`, or vanishes with this object. So several
/// files that belong together can appear together.
final class FinishedFile: Sendable {
  private let file: Mutex<AtomicFile?>
  /// The bytes, also while the file has no name.
  let mapped: MappedFile

  init(_ file: consuming AtomicFile) throws(GraphError) {
    try file.flush()
    mapped = try MappedFile(descriptor: file.descriptor, path: file.path)
    self.file = Mutex(consume file)
  }

  /// Gives the file its name; does nothing the second time.
  func commit() throws(GraphError) {
    let failure: GraphError? = file.withLock { file in
      guard let file = file.take() else { return nil }
      do throws(GraphError) {
        try file.commit()
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw failure }
  }
}
