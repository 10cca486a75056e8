import COneiroKernel
import OneiroGraph

/// Runs a plan over the bands of a picture, one after the other from the top.
///
/// Inputs: images that bands are read of, then what every band is given whole. Outputs: the image that bands are
/// written to, if it is kept, then mean, variance and bias for each normalization that reads it.
final class BandedKernel: PlannedBody {
  /// Where bands lie, in units of rows.
  ///
  /// What is read of the picture begins where a tile begins, for kernels that compute several rows together, so that
  /// their tiles are those of the whole picture.
  struct Bands: Sendable {
    let units: Int
    /// What is kept of a band.
    let height: Int
    /// What is read beside, above and below.
    let margin: Int
    /// All that is read.
    let window: Int

    /// - tile: units that are computed together.
    /// - margin: at least.
    /// - most: that are to be read, if that leaves enough to keep.
    init(units: Int, tile: Int, margin least: Int, most: Int) {
      // The last band ends where the picture does, and begins whole tiles below its top as well.
      let rest = units % tile
      margin = (least + tile - 1) / tile * tile
      height = min(max((most - rest - 2 * margin) / tile * tile, margin, tile), units)
      window = min(height + 2 * margin + rest, units)
      self.units = units
    }

    /// What is read and what is kept of it.
    var all: [(read: Range<Int>, kept: Range<Int>)] {
      stride(from: 0, to: units, by: height).map { start in
        let first = min(max(start - margin, 0), units - window)
        return (first..<first + window, start..<min(start + height, units))
      }
    }
  }

  let source = "bands"
  let bodyPlan: ExecutionPlan
  private let bands: Bands
  /// For each input that is an image, how many rows beside a band's own are read of it.
  private let margins: [Int]
  private let statistics: [GroupStatistics]

  var workspaceByteCount: Int { bodyPlan.arenaByteCount }

  init(_ plan: ExecutionPlan, bands: Bands, margins: [Int], statistics: [GroupStatistics]) {
    (bodyPlan, self.bands, self.margins, self.statistics) = (plan, bands, margins, statistics)
  }

  /// A band may be written where an image was of which the bands to come read their own rows alone.
  func mayOverwriteInput(_ index: Int) -> Bool { index < margins.count && margins[index] == 0 }

  private final class State {
    var session: Session
    init(_ session: consuming Session) { self.session = session }
  }

  func makeSessionState(workspace: UnsafeMutableRawPointer?) throws(RunError) -> AnyObject? {
    State(try Session(bodyPlan, arena: workspace))
  }

  func compute(_ call: borrowing StepCall) throws(RunError) {
    guard let state = call.state as? State else { preconditionFailure("a session without its state") }
    var options = call.options
    // The plan around sees what is whole. Rows of a halo that nobody needs may be of any value.
    options.observe = nil
    options.checksFinite = false
    var statistics = statistics
    let kept = call.outputs[0], window = bands.window
    for band in bands.all {
      for index in call.inputs.indices {
        let input = call.inputs[index], memory = state.session.input(index)
        if index < margins.count {
          let part = Planes(memory, bodyPlan.inputs[index].dims, units: window)
          part.copy(0..<window, from: Planes(input, units: bands.units), at: band.read.lowerBound)
        } else {
          memory.copyMemory(from: UnsafeRawBufferPointer(start: input.data, count: input.byte_count))
        }
      }
      try state.session.execute(options)
      let made = Planes(
        UnsafeMutableRawBufferPointer(mutating: state.session.output(0)), bodyPlan.outputs[0].dims, units: window)
      let first = band.kept.lowerBound - band.read.lowerBound
      if kept.data != nil { Planes(kept, units: bands.units).copy(band.kept, from: made, at: first) }
      for index in statistics.indices {
        for plane in 0..<made.count {
          statistics[index].add(made.floats(of: plane, first..<first + band.kept.count), plane: plane)
        }
      }
    }
    for (index, found) in statistics.enumerated() {
      let outputs = (1...3).map { Self.floats(call.outputs[3 * index + $0]) }
      found.finish(mean: outputs[0], variance: outputs[1], bias: outputs[2])
    }
  }

  private static func floats(_ tensor: oneiro_tensor) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(
      start: tensor.data?.assumingMemoryBound(to: Float.self), count: tensor.byte_count / MemoryLayout<Float>.size)
  }
}
