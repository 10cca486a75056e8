import OneiroEEG
import OneiroGraph

/// The part of a pipeline that makes of a window of a recording what the EEG encoder takes, in ONNX's operators, so
/// that it runs on every backend and other programs can run it too:
///
///     window [N,channels,samples], channel_map [electrodes,channels] → prepared [N,electrodes,sampleCount]
///
/// It begins where a window stands by itself. What comes before, filters that need minutes around it, is done in double
/// precision by `TrialWindows`.
public enum PreparationGraph {
  public static func model(_ settings: PreparationSettings) -> Model {
    let electrodes = settings.montage.count, samples = settings.sampleCount
    let scaling = settings.normalization == .robustZ ? robustScaling : "scaled = Identity(mapped)"
    let text = """
      <ir_version: 11, opset_import: ["": \(Model.canonicalOpset)]>
      preparation (float[N,channels,samples] window, float[\(electrodes),channels] channel_map)
      => (float[N,\(electrodes),\(samples)] prepared)
      <int64[1] size = {\(samples)}, int64[1] one = {1}, int64[1] two = {2}, int64[1] time = {2},
       float deviation = {1.4826}, float least = {1e-20}>
      {
        mapped = MatMul(channel_map, window)
        \(scaling)
        prepared = Resize<axes = [2], mode = "linear", coordinate_transformation_mode = "align_corners">(scaled, , , size)
      }
      """
    do {
      var model = try GraphText.parse(text)
      let used = Set(model.graph.nodes.flatMap(\.inputs))
      for name in model.graph.initializers.keys where !used.contains(name) { model.graph.initializers[name] = nil }
      return model
    } catch {
      preconditionFailure("the text above is a graph: \(error)")
    }
  }

  /// The median is the mean of the two samples in the middle of their order, which are one where their number is odd.
  /// 1.4826 times the median distance from it is the standard deviation of normal numbers. A channel that is constant
  /// in the window becomes 0.
  private static let robustScaling = """
    count = Shape<start = 2>(mapped)
        last = Sub(count, one)
        lower = Div(last, two)
        upper = Div(count, two)
        middle = Concat<axis = 0>(lower, upper)
        order, order_places = TopK<axis = 2, largest = 0>(mapped, count)
        middle_values = Gather<axis = 2>(order, middle)
        median = ReduceMean<keepdims = 1>(middle_values, time)
        centred = Sub(mapped, median)
        distance = Abs(centred)
        distance_order, distance_places = TopK<axis = 2, largest = 0>(distance, count)
        middle_distances = Gather<axis = 2>(distance_order, middle)
        median_distance = ReduceMean<keepdims = 1>(middle_distances, time)
        spread = Mul(median_distance, deviation)
        divisor = Max(spread, least)
        scaled = Div(centred, divisor)
    """
}
