import OneiroGraph

/// Where an element of a resized axis comes from, and how the elements around that place are weighed.
struct ResizeSampling {
  enum Mode: String { case nearest, linear, cubic }
  enum Rounding: String {
    case roundPreferFloor = "round_prefer_floor"
    case roundPreferCeil = "round_prefer_ceil"
    case floor, ceil
  }
  enum Coordinates: String {
    case halfPixel = "half_pixel"
    case halfPixelSymmetric = "half_pixel_symmetric"
    case pytorchHalfPixel = "pytorch_half_pixel"
    case alignCorners = "align_corners"
    case asymmetric
    case tfCropAndResize = "tf_crop_and_resize"
    /// Of opset 11 and 12 only.
    case tfHalfPixelForNearest = "tf_half_pixel_for_nn"
  }

  let mode: Mode
  let rounding: Rounding
  let coordinates: Coordinates
  let cubicCoefficient: Double
  let excludesOutside: Bool
  let isAntialiased: Bool

  init(_ attributes: NodeAttributes) throws(KernelError) {
    func choice<Choice: RawRepresentable<String>>(_ name: String, _: Choice.Type) throws(KernelError) -> Choice {
      guard let choice = Choice(rawValue: attributes.string(name)) else {
        throw KernelError("attribute \(name): \"\(attributes.string(name))\" is none of the choices")
      }
      return choice
    }
    mode = try choice("mode", Mode.self)
    rounding = try choice("nearest_mode", Rounding.self)
    coordinates = try choice("coordinate_transformation_mode", Coordinates.self)
    cubicCoefficient = attributes.float("cubic_coeff_a")
    excludesOutside = attributes.bool("exclude_outside")
    isAntialiased = attributes.bool("antialias")
  }

  /// The place in the input, in elements, that element `output` of the axis comes from.
  func source(of output: Int, _ axis: ResizeAxis) -> Double {
    let position = Double(output), extent = Double(axis.inputExtent)
    let length = axis.length
    switch coordinates {
    case .halfPixel: return (position + 0.5) / axis.scale - 0.5
    case .tfHalfPixelForNearest: return (position + 0.5) / axis.scale
    case .pytorchHalfPixel: return axis.outputExtent > 1 ? (position + 0.5) / axis.scale - 0.5 : 0
    case .halfPixelSymmetric:
      // The middle of the input goes to the middle of the output, whatever was cut off.
      let shift = extent / 2 * (1 - Double(axis.outputExtent) / length)
      return shift + (position + 0.5) / axis.scale - 0.5
    case .alignCorners: return length == 1 ? 0 : position * (extent - 1) / (length - 1)
    case .asymmetric: return position / axis.scale
    case .tfCropAndResize:
      let width = axis.regionEnd - axis.regionStart
      let within = length == 1 ? width * (extent - 1) / 2 : position * width * (extent - 1) / (length - 1)
      return within + axis.regionStart * (extent - 1)
    }
  }

  /// The element nearest to a place, which may lie outside the input.
  func nearest(_ place: Double) -> Int {
    let rounded =
      switch rounding {
      case .floor: place.rounded(.down)
      case .ceil: place.rounded(.up)
      case .roundPreferFloor: (place - 0.5).rounded(.up)
      case .roundPreferCeil: (place + 0.5).rounded(.down)
      }
    return Int(Int64(clampingTruncated: rounded))
  }

  struct Tap {
    let index: Int
    var weight: Double
  }

  /// The elements that make up element `output` with their weights; `nil` where a constant stands.
  func taps(of output: Int, _ axis: ResizeAxis) -> [Tap]? {
    let place = source(of: output, axis)
    guard place.isFinite, !axis.isExtrapolated(place, self) else { return nil }
    // The filter reaches 1 element (linear) or 2 (cubic) to each side, and further when it smooths a shrinking axis.
    let stretch = isAntialiased ? min(axis.scale, 1) : 1
    let reach = min((mode == .linear ? 1 : 2) / stretch, Double(axis.inputExtent) + 2)
    let limit = Double(axis.inputExtent) + reach
    guard abs(place) <= limit + 1 else { return [Tap(index: place < 0 ? 0 : axis.inputExtent - 1, weight: 1)] }
    let first = Int((place - reach).rounded(.down)), last = Int((place + reach).rounded(.up))
    var taps: [Tap] = [], total = 0.0
    for position in first...last {
      let weight = filter(abs(Double(position) - place) * stretch)
      let isOutside = position < 0 || position >= axis.inputExtent
      guard weight != 0, !(isOutside && excludesOutside) else { continue }
      // Outside the input, its edge goes on for ever.
      taps.append(Tap(index: min(max(position, 0), axis.inputExtent - 1), weight: weight))
      total += weight
    }
    if excludesOutside || isAntialiased, total != 0 {
      for index in taps.indices { taps[index].weight /= total }
    }
    return taps
  }

  /// The weight of an element at `distance` from the place, in elements.
  private func filter(_ distance: Double) -> Double {
    if mode == .linear { return max(1 - distance, 0) }
    let a = cubicCoefficient
    if distance <= 1 { return ((a + 2) * distance - (a + 3)) * distance * distance + 1 }
    return distance < 2 ? ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a : 0
  }
}
