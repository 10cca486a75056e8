import OneiroEEG
import OneiroGraph
import OneiroModel
import OneiroPasses
import OneiroPicture
import OneiroRuntime
import Synchronization

/// Small pictures of latents without the decoder's work: at the latent's own size, colours are nearly linear in its
/// channels. The coefficients are fitted to latents whose pictures are known; the first time to one that is decoded for
/// it.
public final class LatentPreview: Sendable {
  private struct State {
    /// Sums over pixels of products of [channels, 1], and of those with [red, green, blue].
    var products: [[Double]]
    var targets: [[Double]]
    var coefficients: [[Double]]?
  }

  /// [C,h,w]
  private let latentDims: [Int]
  private let state: Mutex<State>
  private let path: String
  private let options: Dream.Options

  /// - dream: whose latents these are.
  public init(_ dream: Dream) {
    latentDims = dream.interface.latentDims
    let width = latentDims[0] + 1
    state = Mutex(
      State(
        products: Array(repeating: Array(repeating: 0, count: width), count: width),
        targets: Array(repeating: [0, 0, 0], count: width), coefficients: nil))
    path = dream.path
    options = dream.options
  }

  /// Takes in a latent, float32 [C,h,w] or [1,C,h,w], and its picture.
  public func learn(_ latent: [Float], _ picture: Picture) {
    let (channels, height, width) = (latentDims[0], latentDims[1], latentDims[2])
    guard latent.count == channels * height * width else { return }
    let small = picture.resized(width: width, height: height, antialias: true)
    state.withLock { state in
      for pixel in 0..<width * height {
        let row = (0..<channels).map { Double(latent[$0 * width * height + pixel]) } + [1]
        for (index, value) in row.enumerated() {
          for (other, factor) in row.enumerated() { state.products[index][other] += value * factor }
          for colour in 0..<3 { state.targets[index][colour] += value * Double(small.pixels[pixel * 3 + colour]) }
        }
      }
      // A little on the diagonal, so that channels that never differ leave the system one that can be solved.
      var matrix = state.products
      for index in matrix.indices { matrix[index][index] += 1e-6 * (matrix[index][index] + 1) }
      state.coefficients = LinearSystem.solve(matrix, state.targets)
    }
  }

  /// What a latent looks like, at the latent's own size.
  public func picture(_ latent: [Float]) throws(DreamError) -> Picture {
    if state.withLock({ $0.coefficients == nil }) {
      learn(latent, try decode(Tensor(latent, dims: [1] + latentDims)))
    }
    let (channels, pixels) = (latentDims[0], latentDims[1] * latentDims[2])
    let coefficients = state.withLock { $0.coefficients } ?? []
    var levels = [UInt8](repeating: 0, count: pixels * 3)
    for pixel in 0..<pixels where !coefficients.isEmpty {
      for colour in 0..<3 {
        var value = coefficients[channels][colour]
        for channel in 0..<channels {
          value += coefficients[channel][colour] * Double(latent[channel * pixels + pixel])
        }
        levels[pixel * 3 + colour] = value.isFinite ? UInt8(min(max(value.rounded(), 0), 255)) : 0
      }
    }
    return Picture(width: latentDims[2], height: latentDims[1], pixels: levels)
  }

  /// By the pipeline's own decoder.
  private func decode(_ latent: Tensor) throws(DreamError) -> Picture {
    let model = try Bundle.load(path, replacing: options.replacing)
    let part = try PipelineBuilder.extract("vae_decoder", from: model, name: path)
    let graph: Graph
    do { graph = try InlineFunctions.apply(to: part).graph } catch { throw .graph(error) }
    guard let input = graph.requiredInputs.first?.name, let output = graph.outputs.first?.name else {
      throw .mismatch(at: "\(path): vae_decoder", expected: "an input and an output", found: "none")
    }
    let found: [String: Value]
    do { found = try GraphRunner(graph, planner: options.planner).run([input: .tensor(latent)]) } catch {
      throw .run(error)
    }
    guard let image = found[output]?.tensor, let picture = try Picture.pictures(image).first else {
      throw .mismatch(at: "\(path): vae_decoder", expected: "a picture", found: "none")
    }
    return picture
  }
}
