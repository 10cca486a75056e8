import COneiroKernel
import OneiroGraph
import OneiroModel

/// What packed weights hang on, so that two kernels with the same key have packed the same bytes.
struct PackedKey: Sendable {
  /// SHA-256 in lower-case hexadecimal.
  let hash: String
  /// The file of the largest constant, with which the packed weights are kept.
  var home: Source { sources[0] }
  /// Files that the bytes are made of or by: when one of them has changed, nobody has this key any more.
  let sources: [Source]

  /// A file as it was when it was read.
  struct Source: Hashable, Sendable {
    /// Without links.
    let path: String
    let identity: FileIdentity

    /// Whether there is still the same file in its place.
    var isCurrent: Bool { FileIdentity(path: path) == identity }
  }

  /// Constants that come from no file count by what is in them, up to this size.
  private static let mostHashedByteCount = 1 << 16

  /// `nil` where nothing tells the node's constants from others, or none lies in a file.
  init?(_ kernel: PluginKernel, _ node: BoundNode, threads: Int) {
    guard let library = kernel.plugin.library else { return nil }
    var text = "\(PackedFile.format)\(Processor.fingerprint)\n\(kernel.plugin.name) \(library.identity.numbers)\n"
    text += "\(kernel.plugin.remarks)\n\(kernel.sinceVersion) \(kernel.isaAndMethod), \(threads) threads\n"
    text += "\(node.pointer.pointee.since_version) \(node.signature)\n"
    var sources: [(source: Source, byteCount: Int)] = []
    for (index, constant) in node.constants.enumerated() {
      guard let constant else { continue }
      guard let (type, storage) = constant.stored else { return nil }
      text += "\(index) \(type.name) "
      if let part = storage.filePart {
        let source = Source(path: resolvedPath(part.path), identity: part.identity)
        text += "\(part.identity.numbers) \(part.offset) \(storage.byteCount)\n"
        sources.append((source, storage.byteCount))
      } else {
        guard storage.byteCount <= Self.mostHashedByteCount else { return nil }
        text += "\(SHA256.hex(storage.bytes))\n"
      }
    }
    guard let home = sources.max(by: { $0.byteCount < $1.byteCount })?.source else { return nil }
    let others = Set(sources.map(\.source)).subtracting([home]).sorted { $0.path < $1.path }
    self.sources = [home] + others + [library]
    hash = Array(text.utf8).withUnsafeBytes { SHA256.hex($0) }
  }

  private init(hash: String, sources: [Source]) { (self.hash, self.sources) = (hash, sources) }

  /// That of one of the pieces in which a kernel packs a node.
  /// - what: the kernel's word for it.
  func piece(_ index: Int, what: String, byteCount: Int) -> PackedKey {
    let text = "\(hash) \(index) \(byteCount) \(what)"
    return PackedKey(hash: Array(text.utf8).withUnsafeBytes { SHA256.hex($0) }, sources: sources)
  }
}
