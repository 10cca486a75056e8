import OneiroGraph
import Synchronization

/// A file that is complete and has no name yet: it gets one with `commit`, or vanishes with this object. So several
/// files that belong together can appear together.
package final class FinishedFile: Sendable {
  private let file: Mutex<AtomicFile?>

  package init(_ file: consuming AtomicFile) throws(GraphError) {
    try file.flush()
    self.file = Mutex(consume file)
  }

  /// The bytes, for as long as the file is neither closed nor has its name.
  func mapped() throws(GraphError) -> MappedFile {
    let found: Result<MappedFile, GraphError> = file.withLock { file in
      guard let descriptor = file?.descriptor, let path = file?.path else {
        preconditionFailure("a file that is closed is opened by its name")
      }
      do throws(GraphError) { return .success(try MappedFile(descriptor: descriptor, path: path)) } catch {
        return .failure(error)
      }
    }
    return try found.get()
  }

  /// Has the bytes on the disk and holds no descriptor any more, so that there may be any number of such files.
  package func close() throws(GraphError) {
    let failure: GraphError? = file.withLock { file in
      guard var open = file.take() else { return nil }
      do throws(GraphError) { try open.close() } catch { return error }
      file = consume open
      return nil
    }
    if let failure { throw failure }
  }

  /// Gives the file its name; does nothing the second time.
  package func commit() throws(GraphError) {
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
