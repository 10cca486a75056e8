import Foundation
import OneiroDream
import Testing

/// Each sampler against diffusers' scheduler on the same noise predictions; `Golden/README.md` says how the numbers
/// were made.
@Suite struct SamplerPeerTests {
  struct File: Decodable {
    let start: [Float]
    let predictions: [[Float]]
    let noises: [[Float]]
    let runs: [Run]
  }
  struct Run: Decodable, Sendable, CustomTestStringConvertible {
    let sampler: String
    let eta: Double
    let steps: Int
    let calls: [Call]
    /// The sample after each call; PLMS's first is only its look-ahead.
    let samples: [[Float]]
    var testDescription: String { "\(sampler), eta \(eta), \(steps) steps" }
  }
  struct Call: Decodable, Sendable {
    let timestep: Int
    let input: [Float]
  }

  static let file: File = {
    do { return try JSONDecoder().decode(File.self, from: Golden.data("samplers.json")) } catch {
      fatalError("\(error)")
    }
  }()
  /// As a share of the largest number in a run. diffusers works out its tables in float32, and so do we in part.
  static let tolerance: Float = 1e-5

  @Test(arguments: file.runs) func callsAndSamplesAreTheSame(run: Run) throws {
    let schedule = try NoiseSchedule(.scaledLinear, betaStart: 0.00085, betaEnd: 0.012, trainSteps: 1000)
    let kind = try SamplerKind(named: run.sampler)
    var sampler = try kind.makeSampler(schedule, steps: run.steps, eta: run.eta, count: Self.file.start.count)
    Self.file.start.withUnsafeBufferPointer { sampler.start(from: $0) }
    let largest = run.samples.joined().map(abs).max() ?? 1
    var input = Self.file.start
    var calls = 0
    while let timestep = sampler.timestep {
      let call = try #require(run.calls.dropFirst(calls).first, "more calls than \(calls)")
      #expect(timestep == call.timestep, "call \(calls)")
      input.withUnsafeMutableBufferPointer { sampler.copyInput(to: $0) }
      #expect(difference(input, call.input) <= Self.tolerance * largest, "input of call \(calls)")
      let before = sampler.finishedSteps
      Self.file.predictions[calls].withUnsafeBufferPointer { prediction in
        Self.file.noises[calls].withUnsafeBufferPointer { sampler.advance(epsilon: prediction, freshNoise: $0) }
      }
      if sampler.finishedSteps > before {
        #expect(difference(sampler.sample, run.samples[calls]) <= Self.tolerance * largest, "after call \(calls)")
      }
      calls += 1
    }
    #expect(calls == run.calls.count)
    #expect(sampler.finishedSteps == run.steps)
  }

  @Test func everySamplerIsHeldAgainstItsPeer() {
    #expect(Set(Self.file.runs.map(\.sampler)) == Set(SamplerKind.allCases.map(\.rawValue)))
  }

  private func difference(_ one: [Float], _ other: [Float]) -> Float {
    one.count == other.count ? zip(one, other).reduce(0) { max($0, abs($1.0 - $1.1)) } : .infinity
  }
}
