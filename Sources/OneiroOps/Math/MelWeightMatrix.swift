import Glibc
import OneiroGraph

/// MelWeightMatrix, ai.onnx opset 17: https://onnx.ai/onnx/operators/onnx__MelWeightMatrix.html
///
///     mel(f) = 2595 log10(1 + f / 700)     f in Hz
///
/// [dft_length / 2 + 1, num_mel_bins]: a column is one triangle that rises from 0 to 1 and falls to 0 again. The
/// corners lie evenly on the mel scale between the two edges and are moved down to the next bin of the spectrum.
public enum MelWeightMatrix: Operator {
  public static let schema = OpSchema(
    "MelWeightMatrix", since: 17,
    inputs: [
      .one("num_mel_bins", "T1"), .one("dft_length", "T1"), .one("sample_rate", "T1"), .one("lower_edge_hertz", "T2"),
      .one("upper_edge_hertz", "T2"),
    ], outputs: [.one("output", "T3")], attributes: [.int("output_datatype", default: 1)],
    types: ["T1": .indices, "T2": .floats, "T3": .numeric])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let type = try node.elementType(attribute: "output_datatype", of: .numeric)
    let bins = node.ints(0)?.first, length = node.ints(1)?.first
    if let bins, bins < 0 { throw node.fails(0, expected: "0 or more", found: "\(bins)") }
    if let length, length < 0 { throw node.fails(1, expected: "0 or more", found: "\(length)") }
    return [.tensor(type, [length.map { .known($0 / 2 + 1) } ?? .unknown, bins.map(Dimension.known) ?? .unknown])]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let type = try call.elementType(attribute: "output_datatype")
    var numbers: [Double] = []
    for index in 0..<5 {
      guard let number = try call.tensor(index).doubles().first else { throw call.fails("input \(index) is empty") }
      numbers.append(number)
    }
    guard let columns = Int(exactly: numbers[0]), let length = Int(exactly: numbers[1]), columns >= 0, length >= 0,
      numbers[2] > 0, ElementTypeSet.numeric.contains(type)
    else { throw call.fails("expected sizes from 0 up and a positive sample rate") }
    let dims = [length / 2 + 1, columns], rows = dims[0]
    var weights = [Double](repeating: 0, count: try call.elementCount(dims, of: type))
    let low = 2595 * log10(1 + numbers[3] / 700), high = 2595 * log10(1 + numbers[4] / 700)
    let step = (high - low) / Double(columns + 2)
    var corners: [Int] = []
    for index in 0..<columns + 2 {
      let hertz = 700 * (pow(10, (low + step * Double(index)) / 2595) - 1)
      let corner = (Double(length + 1) * hertz / numbers[2]).rounded(.down)
      guard corner >= 0, corner < Double(rows) else {
        throw call.fails("the edge at \(hertz) Hz lies outside a spectrum of \(rows) bins")
      }
      corners.append(Int(corner))
    }
    for column in 0..<columns {
      let left = corners[column], peak = corners[column + 1], right = corners[column + 2]
      guard left <= peak, peak <= right else { throw call.fails("the upper edge lies below the lower one") }
      for row in left..<peak { weights[row * columns + column] = Double(row - left) / Double(peak - left) }
      weights[peak * columns + column] = 1
      for row in peak..<right { weights[row * columns + column] = Double(right - row) / Double(right - peak) }
    }
    return [Tensor(type, doubles: weights, dims: dims)]
  }
}
