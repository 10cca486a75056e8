import Foundation
import Glibc
import OneiroGraph
import OneiroModel

/// `manifest.jsonl` of a folder of pictures: a line of JSON for each picture that is complete.
///
/// A line is written in one call, after the picture's file has its name, and flushed to the disk. So whatever stops the
/// program, a picture with a line is whole, and at most the last line is torn, which reading passes over.
public final class PictureManifest {
  /// One line.
  public struct Entry: Sendable, Equatable, Codable {
    /// The name of the picture in the folder.
    public let file: String
    public let trial: Int
    public let sample: Int
    /// Of the file.
    public let sha256: String
    /// The class of the trial, and the one that the pipeline's classifier puts the picture in.
    public let label: Int?
    public let predicted: Int?
    public let seconds: Double
    /// What the picture hangs on: hashes of the files, seed, sampler, steps. Pictures of other settings are other
    /// pictures.
    public let settings: [String: String]

    public init(
      file: String, trial: Int, sample: Int, sha256: String, label: Int?, predicted: Int?, seconds: Double,
      settings: [String: String]
    ) {
      self.file = file
      self.trial = trial
      self.sample = sample
      self.sha256 = sha256
      self.label = label
      self.predicted = predicted
      self.seconds = seconds
      self.settings = settings
    }
  }

  public let path: String
  /// What was there when it was opened, and what was added since.
  public private(set) var entries: [Entry] = []
  private let open: OpenFile
  private var descriptor: Int32 { open.descriptor }

  /// Opens the manifest of a folder, or begins one. No two programs can have it open at once.
  /// - settings: those of this run. A manifest of other settings is refused.
  public init(inFolder folder: String, settings: [String: String]) throws(DreamError) {
    path = "\(folder)/manifest.jsonl"
    open = try OpenFile(path)
    entries = try readEntries()
    for (index, entry) in entries.enumerated() where entry.settings != settings {
      let names = Set(entry.settings.keys).union(settings.keys).sorted()
      let name = names.first { entry.settings[$0] != settings[$0] } ?? ""
      throw .mismatch(
        at: "\(path):\(index + 1): \(name)",
        expected: "\(settings[name] ?? "none") as in this run (give another folder, or remove this one)",
        found: entry.settings[name] ?? "none")
    }
  }

  /// A file that nobody else writes to meanwhile, which is closed with the object.
  private final class OpenFile {
    let descriptor: Int32

    init(_ path: String) throws(DreamError) {
      let opened = Glibc.open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
      guard opened >= 0 else { throw .file(path, reason: "cannot be written: \(String(cString: strerror(errno)))") }
      guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
        let reason = errno == EWOULDBLOCK ? "another run is writing it" : String(cString: strerror(errno))
        close(opened)
        throw .file(path, reason: "cannot be written: \(reason)")
      }
      descriptor = opened
    }

    deinit { close(descriptor) }
  }

  /// The picture of a trial that is there and whole.
  public func complete(trial: Int, sample: Int, inFolder folder: String) -> Entry? {
    guard let entry = entries.last(where: { $0.trial == trial && $0.sample == sample }) else { return nil }
    return (try? SHA256.hex(ofFile: "\(folder)/\(entry.file)")) == entry.sha256 ? entry : nil
  }

  /// Adds a line.
  public func append(_ entry: Entry) throws(DreamError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let json = try? encoder.encode(entry) else { preconditionFailure("an entry is always JSON") }
    let line = Array(json) + [UInt8(ascii: "\n")]
    let written = line.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    guard written == line.count, fdatasync(descriptor) == 0 else {
      throw .file(path, reason: "cannot be written: \(String(cString: strerror(errno)))")
    }
    entries.append(entry)
  }

  /// Reads what is there, and cuts off a last line without an end.
  private func readEntries() throws(DreamError) -> [Entry] {
    let bytes: [UInt8]
    do { bytes = try MappedFile(path).withBytes { Array($0) } } catch { throw .graph(error) }
    let end = (bytes.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1
    if end < bytes.count, ftruncate(descriptor, end) != 0 {
      throw .file(path, reason: "cannot be written: \(String(cString: strerror(errno)))")
    }
    var entries: [Entry] = []
    for (index, line) in bytes[..<end].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
      .enumerated()
    {
      guard let entry = try? JSONDecoder().decode(Entry.self, from: Data(line)), Self.isName(entry.file) else {
        throw .mismatch(
          at: "\(path):\(index + 1)", expected: "a line of a manifest of pictures",
          found: "\"\(String(decoding: line.prefix(60), as: UTF8.self))\"")
      }
      entries.append(entry)
    }
    return entries
  }

  /// A file of the folder itself, wherever a line would lead.
  private static func isName(_ file: String) -> Bool { !file.isEmpty && !file.contains("/") && file != ".." }
}
