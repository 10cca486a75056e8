import OneiroGraph
import OneiroModel
import Synchronization

/// What the parts of a pipeline are called with while it draws: the noise predictor at timesteps from all of the
/// sampler's way, the other parts once a picture.
public struct PartCalls: Sendable {
  /// By role: for each call the part's inputs, by the names that the part has for them.
  public let byRole: [String: [[String: Tensor]]]

  /// Draws a picture of every trial.
  /// - limit: calls of the noise predictor that are kept, the same number of each picture and evenly spread over its
  ///   steps, each picture's a little later than those of the one before.
  /// - progress: see `Dream.run`.
  public init(
    _ path: String, recording: Recording, noise: StartingNoise, options: Dream.Options, limit: Int,
    progress: (@Sendable (_ picture: Int, _ pictures: Int, _ done: Int, _ total: Int) -> Void)? = nil
  ) throws(DreamError) {
    try recording.checkSignal()
    let parts = PipelineBuilder.parts(of: try Bundle.load(path))
    var options = options
    let made = Set(parts.flatMap(\.node.outputs))
    // An image that comes from outside is not there when a picture is drawn; what is drawn stands for it.
    options.alsoComputes = parts.filter { Self.isDrawing($0.role) }.flatMap(\.node.inputs).filter(made.contains)
    let dream = try Dream(path, options: options)
    let perPicture = max(1, limit / max(recording.count, 1))
    let strata = Strata(pictures: recording.count, perPicture: perPicture)
    let (results, _) = try dream.run(recording, noise: noise, progress: progress) { picture, role, inputs in
      strata.add(inputs, role: role, picture: picture)
    }
    var calls = strata.calls
    for part in parts where !part.node.isDenoise {
      let formal = part.body.requiredInputs.map(\.name)
      calls[part.role] = results.indices.compactMap { index in
        var inputs: [String: Tensor] = [:]
        for (name, value) in zip(formal, part.node.inputs) {
          inputs[name] =
            value == PipelineInterface.eegName
            ? recording.trials.rows([index]) : results[index].outputs[value == "image" ? "picture" : value]
        }
        return inputs.count == formal.count ? inputs : nil
      }
    }
    byRole = calls
  }

  private static func isDrawing(_ role: String) -> Bool {
    (try? PipelinePart.named(role))?.inputs.contains("image") == false
  }

  /// Chooses among the calls of each picture.
  private final class Strata: Sendable {
    private let pictures: Int
    private let perPicture: Int
    private let all = Mutex<[String: [[[String: Tensor]]]]>([:])

    init(pictures: Int, perPicture: Int) {
      self.pictures = pictures
      self.perPicture = perPicture
    }

    func add(_ inputs: [String: Tensor], role: String, picture: Int) {
      all.withLock { all in
        var calls = all[role] ?? []
        // The picture before is finished: what is not needed of it goes.
        if calls.count <= picture {
          if let last = calls.indices.last { calls[last] = choose(calls[last], picture: last) }
          while calls.count <= picture { calls.append([]) }
        }
        calls[picture].append(inputs)
        all[role] = calls
      }
    }

    var calls: [String: [[String: Tensor]]] {
      all.withLock { all in
        all.mapValues { calls in
          guard let last = calls.indices.last else { return [] }
          return calls.dropLast().flatMap { $0 } + choose(calls[last], picture: last)
        }
      }
    }

    private func choose(_ calls: [[String: Tensor]], picture: Int) -> [[String: Tensor]] {
      guard calls.count > perPicture else { return calls }
      let phase = (Double(picture) + 0.5) / Double(max(pictures, 1))
      return (0..<perPicture).map { stratum in
        calls[Int((Double(stratum) + phase) * Double(calls.count) / Double(perPicture))]
      }
    }
  }
}

extension Recording {
  /// Refuses a recording without trials, and one of zeros: nothing can be measured with it.
  public func checkSignal() throws(DreamError) {
    guard count > 0 else { throw .mismatch(at: source, expected: "at least one trial", found: "none") }
    let isSilent = trials.withElements(of: Float.self) { $0.allSatisfy { $0 == 0 } }
    guard !isSilent else {
      throw .mismatch(at: source, expected: "trials with a signal", found: "\(count) of zeros alone")
    }
  }
}
