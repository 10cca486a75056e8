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

  @Test(arguments: [
    (SamplerKind.plms, 1), (.ddim, 1), (.euler, 1), (.eulerAncestral, 1), (.dpmpp2M, 3), (.dpmpp2MKarras, 3),
    (.unipc, 3),
  ])
  func oneStepIsEnough(kind: SamplerKind, visited: Int) throws {
    let schedule = try NoiseSchedule(.linear, betaStart: 0.1, betaEnd: 0.2, trainSteps: 4)
    var sampler = try kind.makeSampler(schedule, steps: 1, count: 1)
    #expect(sampler.timestep == nil, "before start")
    let numbers: [Float] = [1]
    numbers.withUnsafeBufferPointer { one in
      sampler.start(from: one)
      while let timestep = sampler.timestep {
        #expect(timestep == visited)
        #expect(!sampler.needsFreshNoise)
        sampler.advance(epsilon: one, freshNoise: nil)
      }
    }
    #expect(sampler.finishedSteps == 1)
    #expect(sampler.sample[0].isFinite)
  }

  /// Where every prediction is right, all samplers that end at no noise find the clean signal in any number of steps.
  @Test(arguments: [SamplerKind.euler, .dpmpp2M, .dpmpp2MKarras, .unipc], [1, 2, 3, 20])
  func rightPredictionsLeadToTheCleanSignal(kind: SamplerKind, steps: Int) throws {
    let schedule = try NoiseSchedule(.scaledLinear, betaStart: 0.00085, betaEnd: 0.012, trainSteps: 1000)
    var sampler = try kind.makeSampler(schedule, steps: steps, count: 1)
    let clean = 0.75
    [0.5].withUnsafeBufferPointer { sampler.start(from: $0) }
    // A second run must not see what the first has left.
    for _ in 0..<2 {
      [-1.25].withUnsafeBufferPointer { sampler.start(from: $0) }
      var input: [Float] = [0]
      while let timestep = sampler.timestep {
        input.withUnsafeMutableBufferPointer { sampler.copyInput(to: $0) }
        let alpha = schedule.alphasCumprod[timestep]
        let epsilon = Float((Double(input[0]) - alpha.squareRoot() * clean) / (1 - alpha).squareRoot())
        [epsilon].withUnsafeBufferPointer { sampler.advance(epsilon: $0, freshNoise: nil) }
      }
      // Karras's levels lie between timesteps, of which the model is told the nearest.
      #expect(abs(Double(sampler.sample[0]) - clean) < (kind == .dpmpp2MKarras ? 0.02 : 1e-4))
    }
  }
}
