import OneiroGraph

/// NonMaxSuppression, ai.onnx opset 11: https://onnx.ai/onnx/operators/onnx__NonMaxSuppression.html
///
/// For each batch and class, the boxes by falling score, without those that overlap one chosen before by more than
/// `iou_threshold`: rows of batch, class and box. Without a limit on their number, none.
public enum NonMaxSuppression: Operator {
  public static let schema = OpSchema(
    "NonMaxSuppression", since: 11,
    inputs: [
      .one("boxes", "Tfloat"), .one("scores", "Tfloat"), .optional("max_output_boxes_per_class", "Tint"),
      .optional("iou_threshold", "Tfloat"), .optional("score_threshold", "Tfloat"),
    ],
    outputs: [.one("selected_indices", "Tint")], attributes: [.int("center_point_box", default: 0)],
    types: ["Tfloat": ElementTypeSet([.float32]), "Tint": .int64])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    for index in 0...1 {
      guard let shape = try node.shape(index) else { continue }
      guard shape.count == 3, index == 1 || shape[2].agrees(with: .known(4)) else {
        throw node.fails(
          index, expected: index == 0 ? "shape [N,boxes,4]" : "shape [N,classes,boxes]",
          found: try node.tensor(index).shapeText)
      }
    }
    return [.tensor(.int64, [.unknown, .known(3)])]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let boxes = try call.tensor(0), scores = try call.tensor(1)
    guard boxes.rank == 3, scores.rank == 3, boxes.dims[2] == 4, boxes.dims[0] == scores.dims[0],
      boxes.dims[1] == scores.dims[2]
    else { throw call.fails("boxes \(Shape.text(boxes.dims)) do not go with scores \(Shape.text(scores.dims))") }
    let limit = try call.scalarInt(2) ?? 0, overlap = try call.scalarDouble(3) ?? 0,
      lowest = try call.scalarDouble(4) ?? .nan
    let (batches, classes, count) = (scores.dims[0], scores.dims[1], boxes.dims[1])
    guard scores.count > 0 else { return [Tensor([Int64](), dims: [0, 3])] }
    let corners = boxes.doubles(), values = scores.doubles(), isCentered = call.attributes.bool("center_point_box")
    let all = (0..<batches * count).map { Box(corners[(4 * $0)..<(4 * $0 + 4)], isCentered: isCentered) }
    var selected: [Int64] = []
    for batch in 0..<batches {
      for label in 0..<classes {
        let first = (batch * classes + label) * count
        // A score of NaN stands for no box. A threshold left out is NaN here, which no score is at or below.
        let candidates = (0..<count).filter { !values[first + $0].isNaN && !(values[first + $0] <= lowest) }
        let order = candidates.sorted { a, b in
          values[first + a] != values[first + b] ? values[first + a] > values[first + b] : a < b
        }
        var chosen: [Int] = []
        for box in order {
          guard chosen.count < limit else { break }
          guard !chosen.contains(where: { all[batch * count + box].overlap(all[batch * count + $0]) > overlap }) else {
            continue
          }
          chosen.append(box)
          selected += [Int64(batch), Int64(label), Int64(box)]
        }
      }
    }
    return [Tensor(selected, dims: [selected.count / 3, 3])]
  }

  private struct Box {
    let top, left, bottom, right: Double

    /// - numbers: y1, x1, y2, x2 of any two opposite corners; or x, y of the centre, width, height.
    init(_ numbers: ArraySlice<Double>, isCentered: Bool) {
      let n = Array(numbers)
      if isCentered {
        (left, right) = (n[0] - n[2] / 2, n[0] + n[2] / 2)
        (top, bottom) = (n[1] - n[3] / 2, n[1] + n[3] / 2)
      } else {
        (top, bottom) = (min(n[0], n[2]), max(n[0], n[2]))
        (left, right) = (min(n[1], n[3]), max(n[1], n[3]))
      }
    }

    private var area: Double { (bottom - top) * (right - left) }

    /// The common area as a fraction of the area of both together; 0 where either is empty.
    func overlap(_ other: Box) -> Double {
      let height = min(bottom, other.bottom) - max(top, other.top),
        width = min(right, other.right) - max(left, other.left)
      guard height > 0, width > 0 else { return 0 }
      return height * width / (area + other.area - height * width)
    }
  }
}
