import OneiroRuntime
import Synchronization

/// Where the time of pictures went.
public struct DreamTimes: Sendable, Equatable {
  /// From the start of the process to the first step of the sampler: loading, planning, the EEG encoder.
  public var secondsToFirstStep = 0.0
  /// The mean over all steps of all pictures.
  public var secondsPerStep = 0.0
  /// From the last step to the picture, the mean over all pictures.
  public var secondsToDecode = 0.0
}

/// Takes the times while pictures are made.
final class DreamClock: Sendable {
  private struct State {
    var times = DreamTimes()
    var last = ContinuousClock.now
    var steps = 0
    var stepSeconds = 0.0
    var pictures = 0
    var decodeSeconds = 0.0
  }
  private let state = Mutex(State())

  /// - done: steps of the picture at work that are finished; 0 before the first.
  func note(_ done: Int) {
    state.withLock { state in
      let now = ContinuousClock.now
      if done == 0 {
        if state.steps == 0 { state.times.secondsToFirstStep = ProcessAge.seconds }
      } else {
        state.steps += 1
        state.stepSeconds += (now - state.last).seconds
      }
      state.last = now
    }
  }

  /// The picture at work is there.
  func noteDecoded() {
    state.withLock { state in
      state.pictures += 1
      state.decodeSeconds += (ContinuousClock.now - state.last).seconds
    }
  }

  var times: DreamTimes {
    state.withLock { state in
      var times = state.times
      times.secondsPerStep = state.steps > 0 ? state.stepSeconds / Double(state.steps) : 0
      times.secondsToDecode = state.pictures > 0 ? state.decodeSeconds / Double(state.pictures) : 0
      return times
    }
  }
}
