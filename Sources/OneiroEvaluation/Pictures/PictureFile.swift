import OneiroDream
import OneiroGraph
import OneiroPicture

/// Pictures as files, with errors as evaluation throws them.
enum PictureFile {
  static func read(_ path: String) throws(DreamError) -> Picture {
    do throws(GraphError) { return try PNG.read(path) } catch { throw .graph(error) }
  }

  static func encode(_ picture: Picture) throws(DreamError) -> [UInt8] {
    do throws(GraphError) { return Array(try PNG.encode(picture)) } catch { throw .graph(error) }
  }
}
