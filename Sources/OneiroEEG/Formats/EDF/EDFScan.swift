import OneiroGraph
import OneiroModel

/// Goes through the annotation signals of a file, record by record: when each record begins, and what is noted.
struct EDFScan: Sendable {
  let file: MappedFile
  /// Bytes of the annotation signals; the first one keeps the time.
  let annotations: [SampleLayout]
  let recordCount: Int
  /// In seconds.
  let recordDuration: Double
  let isDiscontinuous: Bool
  /// Of the channel with the highest rate, in seconds.
  let sampleInterval: Double

  /// When the first record begins, in seconds from the start that the header gives.
  var firstOnset: Double? {
    recordCount > 0 && !annotations.isEmpty ? list(0, record: 0).firstOnset : nil
  }

  func timeline() -> EEGTimeline {
    // Annotations are a small part of a record; long records are passed over.
    let isSparse = (annotations.first?.recordStride ?? 0) >= Self.longRecord
    return isSparse ? file.readingHereAndThere(read) : read()
  }

  /// Bytes; the system reads ahead about so much.
  private static let longRecord = 1 << 15

  private func read() -> EEGTimeline {
    var events: [EEGEvent] = []
    var stretches: [(onset: Double, firstRecord: Int)] = []
    // A damaged file may have a fault in every record: of each kind, the first is named.
    var unreadable = Faults("annotations that cannot be read"),
      untold = Faults("records that do not say when they begin"),
      early = Faults("records that begin before the one ahead of them ends")
    let origin = firstOnset ?? 0
    var expected = 0.0
    for record in 0..<recordCount {
      for (number, _) in annotations.enumerated() {
        let list = list(number, record: record)
        if let fault = list.fault {
          unreadable.add("record \(record): \(fault)")
        }
        for item in list.items {
          events.append(
            EEGEvent(onset: item.onset - origin, duration: item.duration, label: item.text, source: .annotation))
        }
        guard number == 0, isDiscontinuous else { continue }
        let onset = list.firstOnset.map { $0 - origin } ?? expected
        if list.firstOnset == nil { untold.add("record \(record)") }
        if record == 0 || abs(onset - expected) > sampleInterval / 2 {
          if onset < expected - sampleInterval / 2 {
            early.add("record \(record) at \(onset) s")
          }
          stretches.append((onset, record))
          expected = onset
        }
        expected += recordDuration
      }
    }
    if stretches.isEmpty { stretches = [(0, 0)] }
    let ends = stretches.dropFirst().map(\.firstRecord) + [recordCount]
    let segments = zip(stretches, ends).map { stretch, end in
      EEGSegment(
        onset: stretch.onset, start: Double(stretch.firstRecord) * recordDuration,
        duration: Double(end - stretch.firstRecord) * recordDuration)
    }
    return EEGTimeline(
      segments: segments, events: events, warnings: [unreadable, untold, early].compactMap(\.warning))
  }

  private func list(_ number: Int, record: Int) -> TimestampedAnnotations {
    let layout = annotations[number]
    return withExtendedLifetime(file) {
      let start = layout.start + record * layout.recordStride
      return TimestampedAnnotations(
        UnsafeRawBufferPointer(rebasing: file.bytes[start..<start + layout.samplesPerRecord]))
    }
  }

  /// How often something is wrong, and where first.
  private struct Faults {
    private let what: String
    private var count = 0, first = ""

    init(_ what: String) { self.what = what }

    mutating func add(_ place: @autoclosure () -> String) {
      if count == 0 { first = place() }
      count += 1
    }

    var warning: String? { count == 0 ? nil : "\(what): \(count), the first is \(first)" }
  }
}
