import Foundation
import OneiroDream
import OneiroGraph
import OneiroRuntime
import Synchronization
import Testing

@Suite struct PreviewTests {
  private let settings: DenoiseSettings
  private let clean: [Float] = (0..<32).map { Float(sin(Double($0))) }

  init() throws {
    let node = Node(
      "Denoise", domain: "ai.oneiro", inputs: ["noise", "context"], outputs: ["latent"],
      attributes: ["steps": .int(10), "latent_scale": .float(2)])
    settings = try DenoiseSettings(node)
  }

  /// When the noise is predicted rightly, every look shows what will come out.
  @Test(arguments: SamplerKind.allCases) func theEstimateIsTheResultWithoutNoise(kind: SamplerKind) throws {
    let settings = try DenoiseSettings(
      Node(
        "Denoise", domain: "ai.oneiro", inputs: ["noise", "context"], outputs: ["latent"],
        attributes: [
          "steps": .int(10), "latent_scale": .float(2), "scheduler": .string(Array(kind.rawValue.utf8)),
        ]))
    let sample = UnsafeMutableBufferPointer<Float>.allocate(capacity: 32)
    let epsilon = UnsafeMutableBufferPointer<Float>.allocate(capacity: 32)
    let timestep = UnsafeMutableBufferPointer<Int64>.allocate(capacity: 1)
    let latent = UnsafeMutableBufferPointer<Float>.allocate(capacity: 32)
    defer {
      sample.deallocate()
      epsilon.deallocate()
      timestep.deallocate()
      latent.deallocate()
    }
    var loop = try DenoiseLoop(
      settings, memory: .init(sample: sample, timestep: timestep, epsilon: UnsafeBufferPointer(epsilon)))
    var generator = TorchGenerator(seed: 1)
    let noise = generator.randn(32)
    let seen = Mutex<[(done: Int, values: [Float])]>([])
    let preview = Preview(every: 3) { done, _, estimate in seen.withLock { $0.append((done, Array(estimate))) } }
    noise.withUnsafeBufferPointer { noise in
      loop.run(from: noise, to: latent, preview: preview) { memory in
        for index in memory.indices { memory[index] = 0.1 }
      } predict: {
        let kept = settings.schedule.alphasCumprod[Int(timestep[0])]
        let signal = Float(kept.squareRoot()), spread = Float((1 - kept).squareRoot())
        for index in 0..<32 { epsilon[index] = (sample[index] - signal * clean[index]) / spread }
        // As a predictor may that uses its input's memory for something else.
        for index in 0..<32 { sample[index] = .nan }
      } progress: { _, _ in
      }
    }
    let looks = seen.withLock { $0 }
    #expect(looks.map(\.done) == [3, 6, 9])
    for look in looks {
      let largest = zip(look.values, clean).map { abs($0 * 2 - $1) }.max() ?? 1
      #expect(largest < 1e-3, "\(kind) after \(look.done) steps: off by \(largest)")
    }
  }

  @Test func noiseComesOneByOneAsAtOnce() throws {
    for dims in [[4, 2, 2], [1, 3, 3], [4, 4, 4]] {
      let whole = try StartingNoise.seed(5).tensor(count: 3, latentDims: dims).elements(of: Float.self)
      var stream = try NoiseStream(.seed(5), count: 3, latentDims: dims)
      let parts = (0..<3).flatMap { _ in stream.draw().elements(of: Float.self) }
      #expect(parts == whole, "\(dims)")
    }
  }
}
