import OneiroGraph

/// STFT, ai.onnx opset 17: https://onnx.ai/onnx/operators/onnx__STFT.html
///
/// Spectra of frames of `frame_length` samples, a frame every `frame_step` samples, each weighted by the window:
/// [batch, samples, 1 or 2] to [batch, frames, bins, 2].
public enum STFT: Operator {
  public static let schema = OpSchema(
    "STFT", since: 17,
    inputs: [
      .one("signal", "T1"), .one("frame_step", "T2"), .optional("window", "T1"), .optional("frame_length", "T2"),
    ],
    outputs: [.one("output", "T1")], attributes: [.int("onesided", default: 1)], types: ["T1": .floats, "T2": .indices])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let signal = try node.tensor(0), shape = signal.shape ?? [.unknown, .unknown, .unknown]
    guard shape.count == 3 else { throw node.fails(0, expected: "rank 3", found: "rank \(shape.count)") }
    let window = node.has(2) ? try node.shape(2)?.first?.extent : nil
    let length = node.has(3) ? node.ints(3)?.first : node.has(2) ? window : shape[1].extent
    var frames = Dimension.unknown
    if let length, let samples = shape[1].extent, let step = node.ints(1)?.first {
      do {
        frames = .known(try frameCount(samples: samples, length: length, step: step))
      } catch {
        throw node.fails(nil, error.description)
      }
    }
    let bins = length.map { Dimension.known(node.attributes.bool("onesided") ? $0 / 2 + 1 : $0) } ?? .unknown
    return [.tensor(signal.elementType, [shape[0], frames, bins, .known(2)])]
  }

  private static func frameCount(samples: Int, length: Int, step: Int) throws(KernelError) -> Int {
    guard step > 0, length > 0, length <= samples else {
      throw KernelError("frames of \(length) every \(step) do not fit a signal of \(samples) samples")
    }
    return (samples - length) / step + 1
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let signal = try call.tensor(0)
    guard signal.rank == 3, signal.dims[2] == 1 || signal.dims[2] == 2 else {
      throw call.fails("signal: expected [batch, samples, 1 or 2], found \(Shape.text(signal.dims))")
    }
    let samples = signal.dims[1], parts = signal.dims[2]
    let window = call.optionalTensor(2)?.doubles()
    let length = call.ints(3)?.first ?? window?.count ?? samples
    guard let step = call.ints(1)?.first, window == nil || window?.count == length else {
      throw call.fails("frame_step is empty, or the window has not \(length) elements")
    }
    let frames = try frameCount(samples: samples, length: length, step: step)
    let transform = FourierTransform(length: length, isInverse: false)
    let bins = call.attributes.bool("onesided") ? transform.onesidedCount : length
    let dims = [signal.dims[0], frames, bins, 2], values = signal.doubles()
    var result: [Double] = []
    result.reserveCapacity(try call.elementCount(dims, of: .float64))
    for batch in 0..<signal.dims[0] {
      for frame in 0..<frames {
        let start = batch * samples + frame * step
        let real = (0..<length).map { values[(start + $0) * parts] * (window?[$0] ?? 1) }
        let imaginary = (0..<length).map { parts == 2 ? values[(start + $0) * parts + 1] * (window?[$0] ?? 1) : 0 }
        let spectrum = transform(real: real, imaginary: imaginary, count: bins)
        for (re, im) in zip(spectrum.real, spectrum.imaginary) {
          result.append(re)
          result.append(im)
        }
      }
    }
    return [Tensor(signal.elementType, doubles: result, dims: dims)]
  }
}
