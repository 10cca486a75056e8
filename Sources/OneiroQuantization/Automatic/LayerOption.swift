import OneiroGraph

/// One layer in one scheme, with what that costs.
struct LayerOption {
  let choice: LayerChoice
  /// What the layer alone adds to the energy of the graph's outputs.
  let noise: Double
  let byteCount: Int
  /// Of a call of the layer alone; 0 where nothing was timed.
  let seconds: Double
  /// `nil` for a layer that stays as it is.
  let weight: QuantizedWeight?

  /// What is paid for less noise.
  func cost(_ goal: ChoiceGoal) -> Double { goal.needsTimes ? seconds : Double(byteCount) }
}
