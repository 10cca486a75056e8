import OneiroGraph

/// One layer in one scheme, with what that costs.
struct LayerOption {
  let choice: LayerChoice
  /// What the layer alone adds to the energy of the graph's outputs.
  var noise: Double
  var byteCount: Int
  /// Of calls of the layer alone; `nil` where nothing was timed.
  let times: TurnTimes?
  /// `nil` for a layer that stays as it is.
  let weight: ReducedWeight?

  /// Of a call of the layer alone; 0 where nothing was timed.
  var seconds: Double { times?.median ?? 0 }

  /// What is paid for less noise.
  func cost(_ goal: ChoiceGoal) -> Double { goal.needsTimes ? seconds : Double(byteCount) }
}
