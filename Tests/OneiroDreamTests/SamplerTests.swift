import OneiroDream
import OneiroGraph
import Testing

/// Each sampler over recorded model outputs: every call it asks for and every sample must be the original's, bit for
/// bit.
@Suite struct SamplerTests {
  struct Run: Sendable, CustomTestStringConvertible {
    let name: String
    let kind: SamplerKind
    let steps: Int
    var eta = 0.0
    var guidance: Float?
    var testDescription: String { name }
  }

  @Test(arguments: [
    Run(name: "plms8", kind: .plms, steps: 8),
    Run(name: "plms8_cfg3", kind: .plms, steps: 8, guidance: 3),
    Run(name: "plms5", kind: .plms, steps: 5),
    Run(name: "ddim8", kind: .ddim, steps: 8),
    Run(name: "ddim8_cfg3", kind: .ddim, steps: 8, guidance: 3),
    Run(name: "ddim8_eta1", kind: .ddim, steps: 8, eta: 1),
  ])
  func recordedTrajectory(run: Run) throws {
    let recorded = try Golden.load("sampler_small")
    func floats(_ name: String) throws -> [Float] {
      try #require(recorded["\(run.name).\(name)"], "\(name)").elements(of: Float.self)
    }
    let start = try #require(recorded["in.x_T"]).elements(of: Float.self)
    let schedule = try NoiseSchedule(.scaledLinear, betaStart: 0.00085, betaEnd: 0.012, trainSteps: 1000)
    var sampler = try run.kind.makeSampler(schedule, steps: run.steps, eta: run.eta, count: start.count)
    #expect(sampler.stepCount == run.steps)
    start.withUnsafeBufferPointer { sampler.start(from: $0) }

    var input = [Float](repeating: 0, count: start.count)
    var calls = 0
    while let timestep = sampler.timestep {
      let step = sampler.finishedSteps
      let times = try #require(recorded["\(run.name).call\(calls).t"]).elements(of: Int64.self)
      #expect(times.allSatisfy { $0 == Int64(timestep) }, "call \(calls)")
      input.withUnsafeMutableBufferPointer { sampler.copyInput(to: $0) }
      // Recorded for the first calls, which hold the look-ahead. With guidance the model's batch is the sample twice.
      if calls < 3 { #expect(input == Array(try floats("call\(calls).x").suffix(start.count)), "call \(calls)") }

      var epsilon = try floats("call\(calls).model_out")
      if let scale = run.guidance {
        let unconditional = Array(epsilon.prefix(start.count))
        epsilon = Array(epsilon.suffix(start.count))
        unconditional.withUnsafeBufferPointer { unconditional in
          epsilon.withUnsafeMutableBufferPointer { Guidance.apply(scale: scale, unconditional: unconditional, to: $0) }
        }
      }
      let noise = sampler.needsFreshNoise ? try floats("noise\(step)") : nil
      #expect((noise != nil) == (run.eta > 0))
      epsilon.withUnsafeBufferPointer { epsilon in
        if let noise {
          noise.withUnsafeBufferPointer { sampler.advance(epsilon: epsilon, freshNoise: $0) }
        } else {
          sampler.advance(epsilon: epsilon, freshNoise: nil)
        }
      }
      calls += 1
      if sampler.finishedSteps > step { #expect(sampler.sample == (try floats("step\(step).x")), "step \(step)") }
    }
    #expect(calls == run.steps + (run.kind == .plms ? 1 : 0))
    #expect(sampler.finishedSteps == run.steps)
    #expect(sampler.sample == (try floats("out")))
  }

  @Test(arguments: SamplerKind.allCases)
  func oneStepIsEnough(kind: SamplerKind) throws {
    let schedule = try NoiseSchedule(.linear, betaStart: 0.1, betaEnd: 0.2, trainSteps: 4)
    var sampler = try kind.makeSampler(schedule, steps: 1, count: 1)
    #expect(sampler.timestep == nil, "before start")
    let numbers: [Float] = [1]
    numbers.withUnsafeBufferPointer { one in
      sampler.start(from: one)
      while let timestep = sampler.timestep {
        #expect(timestep == 1)
        sampler.advance(epsilon: one, freshNoise: nil)
      }
    }
    #expect(sampler.finishedSteps == 1)
    #expect(sampler.sample[0].isFinite)
  }

  /// A predictor that says the sample is all noise, at a latent scale of 2.
  @Test func theLoopFillsInWhatThePredictorReads() throws {
    var constants = SchedulerConstants(betaStart: 0.00085, betaEnd: 0.012, latentScale: 2)
    constants.steps = 4
    let node = Node(
      "Denoise", domain: Model.oneiroDomain, inputs: ["noise"], outputs: ["latent"], attributes: constants.attributes)
    let sample = UnsafeMutableBufferPointer<Float>.allocate(capacity: 6)
    let timestep = UnsafeMutableBufferPointer<Int64>.allocate(capacity: 2)
    defer {
      sample.deallocate()
      timestep.deallocate()
    }
    sample.initialize(repeating: 0)
    timestep.initialize(repeating: 0)
    var loop = try DenoiseLoop(
      DenoiseSettings(node), memory: .init(sample: sample, timestep: timestep, epsilon: UnsafeBufferPointer(sample)))
    var latents: [[Float]] = []
    for _ in 0..<2 {
      var calls: [[Int64]] = []
      var progress: [[Int]] = []
      var latent = [Float](repeating: 0, count: 6)
      [1, 2, 3, 4, 5, 6].withUnsafeBufferPointer { noise in
        latent.withUnsafeMutableBufferPointer { latent in
          loop.run(from: noise, to: latent) {
            calls.append(Array(timestep))
          } progress: {
            progress.append([$0, $1])
          }
        }
      }
      #expect(calls == [751, 501, 501, 251, 1].map { [$0, $0] })
      #expect(progress == [[1, 4], [2, 4], [3, 4], [4, 4]])
      latents.append(latent)
    }
    #expect(latents[0] == latents[1], "a second run starts anew")
    #expect(latents[0].allSatisfy { $0 > 0 && $0.isFinite })
  }

  @Test func theLoopHasNoFreshNoise() throws {
    var constants = SchedulerConstants(betaStart: 0.00085, betaEnd: 0.012, latentScale: 1)
    constants.sampler = .ddim
    constants.eta = 1
    let node = Node(
      "Denoise", domain: Model.oneiroDomain, inputs: ["noise"], outputs: ["latent"], attributes: constants.attributes)
    let nothing = DenoiseLoop.Memory(
      sample: .init(start: nil, count: 0), timestep: .init(start: nil, count: 0), epsilon: .init(start: nil, count: 0))
    let error = #expect(throws: DreamError.self) { try DenoiseLoop(DenoiseSettings(node), memory: nothing) }
    #expect(error?.description == "eta: expected 0 because the graph has no input for fresh noise, found 1.0")
  }
}
