import OneiroDream
import OneiroGraph
import Testing

/// The loop with a predictor that the test plays.
@Suite struct DenoiseLoopTests {
  /// The memory of a predictor.
  private final class Predictor {
    let sample: UnsafeMutableBufferPointer<Float>
    let timestep: UnsafeMutableBufferPointer<Int64>
    let epsilon: UnsafeMutableBufferPointer<Float>

    init(batch: Int, count: Int) {
      sample = .allocate(capacity: count)
      timestep = .allocate(capacity: batch)
      epsilon = .allocate(capacity: count)
      sample.initialize(repeating: 0)
      timestep.initialize(repeating: 0)
      epsilon.initialize(repeating: 0)
    }
    deinit {
      sample.deallocate()
      timestep.deallocate()
      epsilon.deallocate()
    }
    var memory: DenoiseLoop.Memory {
      .init(sample: sample, timestep: timestep, epsilon: UnsafeBufferPointer(epsilon))
    }
  }

  private func settings(
    _ kind: SamplerKind, steps: Int, eta: Double = 0, guidance: Double = 1, latentScale: Double = 1
  ) throws -> DenoiseSettings {
    var constants = SchedulerConstants(betaStart: 0.00085, betaEnd: 0.012, latentScale: latentScale)
    constants.sampler = kind
    constants.steps = steps
    constants.eta = eta
    constants.guidance = guidance
    return try DenoiseSettings(
      Node(
        "Denoise", domain: Model.oneiroDomain, inputs: ["noise", "context", "unconditional"], outputs: ["latent"],
        attributes: constants.attributes))
  }

  /// The original's model outputs are what the predictor says; its inputs, and what comes out, must be the original's
  /// bit for bit. With guidance the recorded batch is the unconditional one, then the conditional one.
  @Test(arguments: [
    ("plms8", SamplerKind.plms, 0.0, 1.0), ("plms8_cfg3", .plms, 0, 3), ("ddim8_cfg3", .ddim, 0, 3),
    ("ddim8_eta1", .ddim, 1, 1),
  ])
  func recordedTrajectory(name: String, kind: SamplerKind, eta: Double, guidance: Double) throws {
    let recorded = try Golden.load("sampler_small")
    func floats(_ item: String) throws -> [Float] {
      try #require(recorded["\(name).\(item)"], "\(item)").elements(of: Float.self)
    }
    let start = try #require(recorded["in.x_T"])
    let halves = guidance == 1 ? 1 : 2
    let predictor = Predictor(batch: start.dims[0] * halves, count: start.elements(of: Float.self).count * halves)
    var loop = try DenoiseLoop(
      settings(kind, steps: 8, eta: eta, guidance: guidance), memory: predictor.memory)
    var calls = 0
    var draws = 0
    var latent = [Float](repeating: 0, count: start.elements(of: Float.self).count)
    try start.withElements(of: Float.self) { noise in
      try latent.withUnsafeMutableBufferPointer { latent in
        try loop.run(from: noise, to: latent) { memory in
          if let numbers = try? floats("noise\(draws)") { _ = memory.update(from: numbers) }
          draws += 1
        } predict: {
          #expect(
            Array(predictor.timestep) == (try #require(recorded["\(name).call\(calls).t"])).elements(of: Int64.self))
          if calls < 3 { #expect(Array(predictor.sample) == (try floats("call\(calls).x")), "call \(calls)") }
          _ = predictor.epsilon.update(from: try floats("call\(calls).model_out"))
          calls += 1
        } progress: { _, _ in
        }
      }
    }
    #expect(latent == (try floats("out")))
    #expect(calls == (kind == .plms ? 9 : 8))
    #expect(draws == (eta > 0 ? 8 : 0))
  }

  /// A predictor that says the sample is all noise, at a latent scale of 2.
  @Test func theLoopFillsInWhatThePredictorReads() throws {
    let predictor = Predictor(batch: 2, count: 6)
    var loop = try DenoiseLoop(settings(.plms, steps: 4, latentScale: 2), memory: predictor.memory)
    var latents: [[Float]] = []
    for _ in 0..<2 {
      var calls: [[Int64]] = []
      var progress: [[Int]] = []
      var latent = [Float](repeating: 0, count: 6)
      [1, 2, 3, 4, 5, 6].withUnsafeBufferPointer { noise in
        latent.withUnsafeMutableBufferPointer { latent in
          loop.run(from: noise, to: latent) { _ in
            Issue.record("PLMS adds no noise")
          } predict: {
            calls.append(Array(predictor.timestep))
            _ = predictor.epsilon.update(from: predictor.sample)
          } progress: {
            progress.append([$0, $1])
          }
        }
      }
      #expect(calls == [751, 501, 501, 251, 1].map { [$0, $0] })
      #expect(progress == [[0, 4], [1, 4], [2, 4], [3, 4], [4, 4]])
      latents.append(latent)
    }
    #expect(latents[0] == latents[1], "a second run starts anew")
    #expect(latents[0].allSatisfy { $0 > 0 && $0.isFinite })
  }

  /// The last step leads to no noise, so it adds none.
  @Test func ancestralStepsAddNoiseButTheLast() throws {
    let predictor = Predictor(batch: 1, count: 3)
    var loop = try DenoiseLoop(settings(.eulerAncestral, steps: 4), memory: predictor.memory)
    var draws = 0
    var latent = [Float](repeating: 0, count: 3)
    [0, 1, -1].withUnsafeBufferPointer { noise in
      latent.withUnsafeMutableBufferPointer { latent in
        loop.run(from: noise, to: latent) {
          #expect($0.count == 3)
          $0.update(repeating: 0.5)
          draws += 1
        } predict: {
        } progress: { _, _ in
        }
      }
    }
    #expect(draws == 3)
    #expect(latent.allSatisfy { $0.isFinite })
  }
}
