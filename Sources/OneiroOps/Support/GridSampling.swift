import OneiroGraph

/// How GridSample finds and weighs the elements around a place.
struct GridSampling {
  enum Mode: String { case linear, nearest, cubic }
  enum Padding: String { case zeros, border, reflection }

  let mode: Mode
  let padding: Padding
  let alignsCorners: Bool

  init(_ attributes: NodeAttributes) throws(KernelError) {
    guard let mode = Mode(rawValue: attributes.string("mode")) else {
      throw KernelError("mode: expected linear, nearest or cubic, found \"\(attributes.string("mode"))\"")
    }
    guard let padding = Padding(rawValue: attributes.string("padding_mode")) else {
      throw KernelError(
        "padding_mode: expected zeros, border or reflection, found \"\(attributes.string("padding_mode"))\"")
    }
    (self.mode, self.padding, alignsCorners) = (mode, padding, attributes.bool("align_corners"))
  }

  /// The elements along each axis that one output takes part of, at most four.
  struct Taps {
    private var indices: [Int]
    private var weights: [Double]
    private var counts: [Int]

    init(axisCount: Int) {
      indices = [Int](repeating: 0, count: 4 * axisCount)
      weights = [Double](repeating: 0, count: 4 * axisCount)
      counts = [Int](repeating: 0, count: axisCount)
    }

    /// - coordinate: in -1 ... 1 from one end of the axis to the other.
    mutating func set(_ axis: Int, _ sampling: GridSampling, _ coordinate: Double, extent: Int) {
      counts[axis] = 0
      let length = Double(extent)
      let low = sampling.alignsCorners ? 0 : -0.5, high = low == 0 ? length - 1 : length - 0.5
      var place = sampling.alignsCorners ? (coordinate + 1) / 2 * (length - 1) : ((coordinate + 1) * length - 1) / 2
      if sampling.mode == .nearest { place.round(.toNearestOrEven) }
      if place.isNaN || place < low || place > high {
        switch sampling.padding {
        // Nothing within reach of the widest filter.
        case .zeros: guard place > -3, place < length + 2 else { return }
        case .border: place = place.isNaN ? 0 : min(max(place, 0), length - 1)
        case .reflection: place = Self.reflect(place, low, high)
        }
      }
      let first = Int(place.rounded(.down)), ratio = place - place.rounded(.down)
      switch sampling.mode {
      case .nearest: add(axis, first, 1, sampling.padding, extent, low, high)
      case .linear:
        add(axis, first, 1 - ratio, sampling.padding, extent, low, high)
        add(axis, first + 1, ratio, sampling.padding, extent, low, high)
      case .cubic:
        for tap in -1...2 {
          add(axis, first + tap, Self.cubic(abs(ratio - Double(tap))), sampling.padding, extent, low, high)
        }
      }
    }

    private mutating func add(
      _ axis: Int, _ index: Int, _ weight: Double, _ padding: Padding, _ extent: Int, _ low: Double, _ high: Double
    ) {
      var index = index
      if index < 0 || index >= extent {
        switch padding {
        case .zeros: return
        case .border: index = min(max(index, 0), extent - 1)
        case .reflection: index = min(max(Int(Self.reflect(Double(index), low, high)), 0), extent - 1)
        }
      }
      indices[4 * axis + counts[axis]] = index
      weights[4 * axis + counts[axis]] = weight
      counts[axis] += 1
    }

    /// Calls `body` with the offset and the weight of every combination of one tap for each axis.
    func forEachCombination(_ strides: [Int], _ body: (_ offset: Int, _ weight: Double) -> Void) {
      let total = counts.reduce(1, *)
      for combination in 0..<total {
        var rest = combination, offset = 0, weight = 1.0
        for axis in counts.indices {
          let tap = 4 * axis + rest % counts[axis]
          rest /= counts[axis]
          offset += indices[tap] * strides[axis]
          weight *= weights[tap]
        }
        body(offset, weight)
      }
    }

    /// A place outside low ... high thrown back by its ends, as often as it takes.
    private static func reflect(_ place: Double, _ low: Double, _ high: Double) -> Double {
      let width = high - low
      guard place.isFinite, width > 0 else { return max(low, 0) }
      var phase = (place - low).truncatingRemainder(dividingBy: 2 * width)
      if phase < 0 { phase += 2 * width }
      return low + (phase <= width ? phase : 2 * width - phase)
    }

    /// The cubic convolution with a = -0.75, as PyTorch has it.
    private static func cubic(_ distance: Double) -> Double {
      let a = -0.75
      if distance <= 1 { return ((a + 2) * distance - (a + 3)) * distance * distance + 1 }
      return distance < 2 ? ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a : 0
    }
  }
}
