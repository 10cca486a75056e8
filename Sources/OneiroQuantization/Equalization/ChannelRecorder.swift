import OneiroGraph
import OneiroRuntime
import Synchronization

/// Takes down how large each channel of some values of a run gets, and some of their numbers.
final class ChannelRecorder: Sendable {
  struct Record: Sendable {
    /// The largest magnitude of each channel.
    var largest: [Float]
    /// Of each call that was to be kept: the first image, or rows from all of the value.
    var samples: [Tensor] = []
  }
  private let wanted: [String: EqualizableActivation]
  private let state = Mutex<(records: [String: Record], keepsSamples: Bool)>(([:], false))
  private static let mostRows = 256

  init(_ wanted: [EqualizableActivation]) {
    self.wanted = Dictionary(wanted.map { ($0.value, $0) }, uniquingKeysWith: { first, _ in first })
  }

  var records: [String: Record] { state.withLock { $0.records } }

  /// Whether numbers of the calls that follow are kept.
  func keepSamples(_ keeps: Bool) { state.withLock { $0.keepsSamples = keeps } }

  /// What a run's options have to hold for this to see its values.
  func observe(_ value: ExecutionPlan.Operand, _ step: ExecutionPlan.Step, _ bytes: UnsafeRawBufferPointer) {
    guard let activation = wanted[value.name], value.type.elementType == .float32, let dims = value.type.dims,
      dims.count > 1, let channels = dims.dropFirst(activation.isImage ? 1 : dims.count - 1).first,
      channels == activation.channels, !bytes.isEmpty
    else { return }
    let values = bytes.bindMemory(to: Float.self), inner = activation.isImage ? dims[2...].reduce(1, *) : 1
    state.withLock { state in
      var record = state.records[value.name] ?? Record(largest: [Float](repeating: 0, count: channels))
      record.largest.withUnsafeMutableBufferPointer { largest in
        for (row, start) in stride(from: 0, to: values.count, by: inner).enumerated() {
          for element in values[start..<(start + inner)] {
            largest[row % channels] = max(largest[row % channels], abs(element))
          }
        }
      }
      if state.keepsSamples {
        let sample = activation.isImage ? Self.firstImage(values, dims) : Self.rows(values, channels)
        record.samples.append(sample)
      }
      state.records[value.name] = record
    }
  }

  private static func firstImage(_ values: UnsafeBufferPointer<Float>, _ dims: [Int]) -> Tensor {
    Tensor(Array(values.prefix(values.count / dims[0])), dims: [1] + dims.dropFirst())
  }

  private static func rows(_ values: UnsafeBufferPointer<Float>, _ channels: Int) -> Tensor {
    let rows = values.count / channels, count = min(rows, mostRows)
    let kept = (0..<count).flatMap { index -> UnsafeBufferPointer<Float>.SubSequence in
      let start = index * rows / count * channels
      return values[start..<(start + channels)]
    }
    return Tensor(kept, dims: [count, channels])
  }
}
