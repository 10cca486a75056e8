import OneiroGraph

/// Numbers from -1 to 1, the same every time.
func noise(_ dims: [Int], seed: UInt64) -> Tensor {
  var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
  return Tensor(Float.self, dims: dims) { memory in
    for index in memory.indices {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      memory.initializeElement(at: index, to: Float(Int32(truncatingIfNeeded: state >> 32)) / 0x1p31)
    }
  }
}
