import OneiroGraph
import OneiroModel

/// Where a recording's samples are.
enum SampleStorage: Sendable {
  /// In one mapped file, a layout for each channel.
  case file(MappedFile, [SampleLayout])
  /// In arrays one after the other, each a trial or a window.
  case arrays(TrialArrays)

  /// Writes the window `range` of each of `wanted` into a row of its own.
  /// - target: [wanted, range].
  func read(
    _ wanted: [Int], _ range: Range<Int>, _ channels: [EEGChannel], into target: UnsafeMutableBufferPointer<Double>
  ) throws(GraphError) {
    guard !range.isEmpty, !wanted.isEmpty, let base = target.baseAddress else { return }
    precondition(target.count == wanted.count * range.count)
    switch self {
    case .file(let file, let layouts):
      // Channels lie side by side: a part of the window for all of them, while its bytes are in the cache.
      let part = max(1, Self.partByteCount / Self.bytesPerSample(wanted.map { layouts[$0] }))
      withExtendedLifetime(file) {
        for start in stride(from: range.lowerBound, to: range.upperBound, by: part) {
          let piece = start..<min(start + part, range.upperBound)
          for (row, channel) in wanted.enumerated() {
            layouts[channel].read(
              piece, of: file.bytes, channels[channel].scaling,
              into: base + row * range.count + (start - range.lowerBound))
          }
        }
      }
    case .arrays(let arrays):
      try arrays.read(wanted, range, channels, into: base)
    }
  }

  /// What fits into the second cache of any CPU.
  private static let partByteCount = 1 << 17

  private static func bytesPerSample(_ layouts: [SampleLayout]) -> Int {
    layouts.map { max(1, $0.recordStride / max(1, $0.samplesPerRecord)) }.max().map { min($0, 1 << 12) } ?? 1
  }
}
