import Glibc
import OneiroGraph

/// The files beside a model that hold its external data. Each is mapped once, when a tensor first names it.
final class ExternalData {
  /// The model's folder with all links followed; external files must lie in it.
  private let folder: String
  private var files: [String: MappedFile] = [:]

  init(folder: String) throws(GraphError) {
    guard let real = Self.realPath(folder.isEmpty ? "." : folder) else {
      throw .invalid(file: folder, nil, "cannot be read: \(systemErrorText())")
    }
    self.folder = real
  }

  /// Where a tensor's bytes are: the keys of TensorProto.external_data. A checksum is not looked at: it covers the
  /// whole file, and reading all of it is what mapping avoids.
  struct Place {
    let location: String
    let offset: Int
    let length: Int?

    /// - subject: the tensor, for errors.
    init(_ entries: [(key: String, value: String)], subject: String) throws(GraphError) {
      func number(_ key: String) throws(GraphError) -> Int? {
        guard let text = entries.last(where: { $0.key == key })?.value else { return nil }
        guard let number = Int(text), number >= 0 else {
          throw .mismatch(
            "external data of \(subject), \(key)", expected: "a number from 0 to \(Int.max)", found: "\"\(text)\"")
        }
        return number
      }
      guard let location = entries.last(where: { $0.key == "location" })?.value, !location.isEmpty else {
        throw .mismatch("external data of \(subject)", expected: "a location", found: "none")
      }
      self.location = location
      offset = try number("offset") ?? 0
      length = try number("length")
    }
  }

  /// The `byteCount` bytes that a tensor of elements of `alignment` bytes takes.
  func storage(at place: Place, byteCount: Int, alignment: Int, subject: String) throws(GraphError) -> ByteStorage {
    let subject = "external data of \(subject) in \"\(place.location)\""
    if let length = place.length, length != byteCount {
      throw .mismatch(
        subject, expected: "length \(byteCount)", found: "\(length)", because: "the tensor takes so many bytes")
    }
    let file = try file(place.location, subject: subject)
    let (end, overflow) = place.offset.addingReportingOverflow(byteCount)
    guard !overflow, end <= file.bytes.count else {
      throw .mismatch(
        subject, expected: "\(byteCount) bytes from offset \(place.offset)",
        found: "a file of \(file.bytes.count) bytes")
    }
    return file.storage(place.offset..<end, alignment: alignment)
  }

  private func file(_ location: String, subject: String) throws(GraphError) -> MappedFile {
    if let file = files[location] { return file }
    guard !location.hasPrefix("/"), !location.split(separator: "/").contains("..") else {
      throw .mismatch(subject, expected: "a path relative to the model's folder, without ..", found: "\"\(location)\"")
    }
    guard let path = Self.realPath("\(folder)/\(location)") else {
      throw .invalid(subject, "the file cannot be found: \(systemErrorText())")
    }
    guard path.hasPrefix(folder == "/" ? folder : folder + "/") else {
      throw .mismatch(subject, expected: "a file in the model's folder", found: "a link that leads to \"\(path)\"")
    }
    do {
      let file = try MappedFile(path)
      files[location] = file
      return file
    } catch {
      throw GraphError(subject: subject, error.problem)
    }
  }

  /// Whole paths of the files that tensors have named.
  var paths: [String] { files.keys.sorted().compactMap { Self.realPath("\(folder)/\($0)") } }

  static func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(validatingCString: resolved)
  }
}
