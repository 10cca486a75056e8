import Glibc
import OneiroGraph
import OneiroModel
import Synchronization

/// What kernels have packed of weights, kept in files from run to run, so that it need not be packed again.
///
/// There is a file for what a process has packed of one model's file of weights. It is written without a name and gets one
/// when it is complete, so nobody reads half of one, and of two processes that write the same one the last wins. Files
/// are never changed, and may be deleted at any time, by anybody. What cannot be written is no error: it is packed anew
/// then.
public final class PackedWeights: Sendable {
  private let folder: String
  private let state = Mutex(State())
  /// Files for one file of weights that stay when a new one is written, as for other shapes of a model's inputs.
  private static let mostFiles = 4
  /// Files of other machines, which may share the folder, are theirs to remove.
  private static let prefix = "packed-\(Processor.fingerprint)-", ending = ".bin"
  /// What is older under a name that is not its last was left by a process that is no more.
  private static let mostSecondsUnnamed = 86_400

  private struct State {
    /// By the hash of a key.
    var known: [String: PackedFile.Part] = [:]
    /// Files of weights, for which it has been looked what there is.
    var opened: Set<PackedKey.Source> = []
    /// Names of files that something was found in, by the file.
    var names: [ObjectIdentifier: String] = [:]
    var used: Set<String> = []
    /// Hashes of keys whose parts have been found to be what was written.
    var checked: Set<String> = []
    /// Names of files that are not what was written, and what is wrong with them.
    var damaged: [String: GraphError] = [:]
    /// Those of them that are still there, by the numbers that tell them from files that take their names.
    var toRemove: [String: FileIdentity] = [:]
    /// What is new, by the path of the file of weights.
    var drafts: [String: Draft] = [:]
    var failure: GraphError?
    /// Hashes of keys that are counted below.
    var counted: Set<String> = []
    var foundByteCount = 0
    var keptByteCount = 0
  }

  /// What is smaller is packed sooner than it is found.
  let smallestByteCount: Int

  /// A file that is being written.
  private final class Draft: @unchecked Sendable {
    // Sendable: a part of the state, behind its mutex.
    private var file: AtomicFile?
    /// The same file.
    private let readable: PackedFile
    private(set) var contents: PackedFile.Contents

    init(_ path: String, home: PackedKey.Source) throws(GraphError) {
      let file = try AtomicFile(path)
      readable = PackedFile(descriptor: fcntl(file.descriptor, F_DUPFD_CLOEXEC, 0))
      self.file = consume file
      contents = PackedFile.Contents(sources: [home])
    }

    /// After an error there is no file any more.
    func add(_ bytes: UnsafeRawBufferPointer, _ key: PackedKey) throws(GraphError) -> PackedFile.Part {
      guard var file = file.take() else { preconditionFailure("a draft that failed is not used again") }
      let page = Int(MappedPages.pageByteCount), offset = (file.byteCount + page - 1) / page * page
      try file.write([UInt8](repeating: 0, count: offset - file.byteCount))
      try file.write(bytes)
      try file.flush()
      self.file = consume file
      let checksum = PackedChecksum.of(bytes)
      contents.parts.append((key.hash, offset, bytes.count, checksum))
      for source in key.sources where !contents.sources.contains(source) { contents.sources.append(source) }
      return PackedFile.Part(file: readable, offset: offset, byteCount: bytes.count, checksum: checksum)
    }

    /// Gives the file its name.
    /// - Returns: the name's path.
    func commit() throws(GraphError) -> String {
      guard var file = file.take() else { preconditionFailure("a draft is committed once") }
      let path = file.path
      try file.write(PackedFile.ending(contents, at: file.byteCount))
      try file.commit()
      return path
    }
  }

  /// - folder: is made when it is missing.
  public convenience init(folder: String) { self.init(folder: folder, smallestByteCount: 1 << 14) }

  package init(folder: String, smallestByteCount: Int) {
    (self.folder, self.smallestByteCount) = (folder, smallestByteCount)
  }

  /// Bytes that earlier runs had packed and this one has found, and those that it has packed to be kept.
  public var byteCounts: (found: Int, kept: Int) { state.withLock { ($0.foundByteCount, $0.keptByteCount) } }

  /// What is wrong with files that were found, one error a file. What they had is packed anew, and `save` removes them.
  public var faults: [GraphError] {
    state.withLock { $0.damaged.sorted { $0.key < $1.key }.map(\.value) }
  }

  /// - byteCount: how many bytes the kernel expects.
  func find(_ key: PackedKey, byteCount: Int) -> PackedFile.Part? {
    state.withLock { state in
      if state.opened.insert(key.home).inserted { open(key.home, &state) }
      guard let part = state.known[key.hash], part.byteCount == byteCount else { return nil }
      if state.counted.insert(key.hash).inserted { state.foundByteCount += byteCount }
      if let name = state.names[ObjectIdentifier(part.file)], state.used.insert(name).inserted { part.file.touch() }
      return part
    }
  }

  /// Whether the part that the key stands for need not be looked at again.
  func isChecked(_ key: PackedKey) -> Bool { state.withLock { $0.checked.contains(key.hash) } }
  func noteChecked(_ key: PackedKey) { state.withLock { _ = $0.checked.insert(key.hash) } }

  /// Notes that a part is not what was written, and is packed anew. Others of its file stay: kernels are prepared with
  /// them already.
  func packAnew(_ key: PackedKey, _ part: PackedFile.Part) {
    state.withLock { state in
      state.known[key.hash] = nil
      if state.counted.remove(key.hash) != nil { state.foundByteCount -= part.byteCount }
      guard let name = state.names[ObjectIdentifier(part.file)] else { return }
      state.toRemove[name] = part.file.identity
      state.damaged[name] = state.damaged[name] ?? Self.fault("\(folder)/\(name)", part, remedy: "")
    }
  }

  /// The same where it cannot be packed anew in this run: whoever asks for it finds it again, to fail again.
  func giveUp(_ part: PackedFile.Part) -> GraphError {
    state.withLock { state in
      let name = state.names[ObjectIdentifier(part.file)]
      if let name { state.toRemove[name] = part.file.identity }
      return Self.fault(
        name.map { "\(folder)/\($0)" } ?? folder, part, remedy: "; the file is removed, and the next run packs anew")
    }
  }

  private static func fault(_ path: String, _ part: PackedFile.Part, remedy: String) -> GraphError {
    .mismatch(
      file: path, "packed weights, \(part.byteCount) bytes from \(part.offset) on",
      expected: "the checksum that they were written with", found: "another one\(remedy)")
  }

  private func open(_ home: PackedKey.Source, _ state: inout State) {
    for name in CacheFolder.files(in: folder, prefix: Self.stem(home)) where name.hasSuffix(Self.ending) {
      do throws(GraphError) {
        guard let (file, contents) = try PackedFile.open("\(folder)/\(name)") else { continue }
        state.names[ObjectIdentifier(file)] = name
        for part in contents.parts {
          state.known[part.hash] = PackedFile.Part(
            file: file, offset: part.offset, byteCount: part.byteCount, checksum: part.checksum)
        }
      } catch {
        state.damaged[name] = error
        state.toRemove[name] = FileIdentity(path: "\(folder)/\(name)")
      }
    }
  }

  /// How names of files begin for weights in one file.
  private static func stem(_ home: PackedKey.Source) -> String {
    "\(prefix)\(Array(home.path.utf8).withUnsafeBytes { SHA256.hex($0) }.prefix(16))-"
  }

  /// Whether `keep` would, as far as is known.
  func keeps(_ key: PackedKey) -> Bool {
    state.withLock { $0.failure == nil } && !key.sources.contains { $0.path.contains("\n") }
  }

  /// Writes down what was packed. From here on it is found.
  func keep(_ bytes: UnsafeRawBufferPointer, as key: PackedKey) {
    state.withLock { state in
      guard state.failure == nil, state.known[key.hash] == nil else { return }
      do throws(GraphError) {
        let draft: Draft
        if let begun = state.drafts[key.home.path] { draft = begun } else { draft = try newDraft(for: key) }
        state.drafts[key.home.path] = draft
        state.known[key.hash] = try draft.add(bytes, key)
        state.counted.insert(key.hash)
        state.checked.insert(key.hash)
        state.keptByteCount += bytes.count
      } catch {
        // Parts that are there stay readable, without a name.
        state.failure = error
        state.drafts = [:]
      }
    }
  }

  private func newDraft(for key: PackedKey) throws(GraphError) -> Draft {
    guard CacheFolder.make(folder) else {
      throw .invalid(file: folder, nil, "cannot be made: \(String(cString: strerror(errno)))")
    }
    // Two processes that pack the same begin with the same.
    return try Draft(
      "\(folder)/\(Self.stem(key.home))\(key.hash.prefix(16))\(Self.ending)", home: key.home)
  }

  /// Gives what is new a name for later runs, and removes what is of no use any more. Called when there is nothing more
  /// important to do: it waits for the disk.
  /// - Returns: why not all is kept that was packed.
  @discardableResult public func save() -> GraphError? {
    state.withLock { state in
      let drafts = state.drafts
      state.drafts = [:]
      // Before there are new ones, which may have the same names.
      for (name, damaged) in state.toRemove {
        let path = "\(folder)/\(name)", found = FileIdentity(path: path)
        // Another process may have written a good one meanwhile.
        if found?.device == damaged.device, found?.inode == damaged.inode { unlink(path) }
        state.used.remove(name)
      }
      state.toRemove = [:]
      for draft in drafts.values {
        // Somebody may have written to the weights meanwhile.
        guard draft.contents.sources.allSatisfy(\.isCurrent) else { continue }
        do throws(GraphError) {
          state.used.insert(String(try draft.commit().dropFirst(folder.count + 1)))
        } catch {
          state.failure = state.failure ?? error
        }
      }
      if !drafts.isEmpty { tidy(state.used, homes: drafts.values.map { $0.contents.sources[0] }) }
      return state.failure
    }
  }

  /// Removes files that nobody can use any more, and those that were used longest ago.
  private func tidy(_ used: Set<String>, homes: [PackedKey.Source]) {
    var ages: [String: timespec] = [:]
    for name in CacheFolder.files(in: folder, prefix: Self.prefix) where !used.contains(name) {
      let path = "\(folder)/\(name)"
      var status = stat()
      guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
      if !name.hasSuffix(Self.ending) {
        if time(nil) - status.st_mtim.tv_sec > Self.mostSecondsUnnamed { unlink(path) }
      } else if (try? PackedFile.open(path))?.contents.sources.allSatisfy(\.isCurrent) ?? false {
        ages[name] = status.st_mtim
      } else {
        unlink(path)
      }
    }
    for home in homes {
      let stem = Self.stem(home), others = ages.filter { $0.key.hasPrefix(stem) }
      let room = max(Self.mostFiles - used.count { $0.hasPrefix(stem) }, 0)
      let oldest = others.sorted { ($1.value.tv_sec, $1.value.tv_nsec) < ($0.value.tv_sec, $0.value.tv_nsec) }
      for (name, _) in oldest.dropFirst(room) { unlink("\(folder)/\(name)") }
    }
  }
}

/// With all links followed, where there is such a file.
func resolvedPath(_ path: String) -> String {
  guard let resolved = realpath(path, nil) else { return path }
  defer { free(resolved) }
  return String(cString: resolved)
}
