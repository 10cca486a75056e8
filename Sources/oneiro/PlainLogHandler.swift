import Logging

/// Prints what is logged on standard error as errors are printed there, "warning: model.onnx: ...", in one line each.
struct PlainLogHandler: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let details = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }.map { " \($0)=\($1)" }
    StandardError.print(Self.line(event.level, "\(event.message)\(details.joined())"))
  }

  /// Names in files may hold line breaks, as in errors.
  static func line(_ level: Logger.Level, _ text: String) -> String {
    "\(level): \(text.split(whereSeparator: \.isNewline).joined(separator: " "))"
  }
}
