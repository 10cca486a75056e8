import OneiroGraph

/// How the windows of a convolution or a pooling stand along one spatial axis.
public struct WindowAxis: Sendable, Equatable {
  /// Extent of the axis that the windows stand on.
  public let input: Int
  /// Taps of a window, `dilation` apart; neighbouring windows start `stride` apart.
  public let kernel: Int
  public let stride: Int
  public let dilation: Int
  /// Padding in front of the first element and behind the last one.
  public let padBefore: Int
  public let padAfter: Int
  /// Number of windows.
  public let output: Int

  /// Position under tap `tap` of window `window`: negative, or `input` and more, in the padding.
  func position(window: Int, tap: Int) -> Int { window * stride + tap * dilation - padBefore }

  /// The windows for which tap `tap` lies on the input and not in the padding.
  func windows(onInputAt tap: Int) -> Range<Int> {
    let shift = padBefore - tap * dilation
    let first = max(0, shift <= 0 ? 0 : (shift + stride - 1) / stride)
    let end = input + shift <= 0 ? 0 : (input + shift - 1) / stride + 1
    return first..<max(first, min(end, output))
  }
}

/// The attributes that say where windows stand, for all spatial axes: kernel_shape, strides, dilations, pads, auto_pad
/// and ceil_mode, with their defaults and checked.
public struct WindowAttributes: Sendable {
  public enum AutoPad: String, Sendable {
    case notSet = "NOTSET", sameUpper = "SAME_UPPER", sameLower = "SAME_LOWER", valid = "VALID"
  }

  public let strides: [Int]
  public let dilations: [Int]
  /// Padding in front of every axis, then behind every axis.
  public let pads: [Int]
  public let autoPad: AutoPad
  public let ceilMode: Bool

  /// Sums of three such numbers and products of two stay far from overflow.
  static let largest = Int(Int32.max)

  public init(_ attributes: NodeAttributes, spatialRank: Int) throws(KernelError) {
    strides = try Self.ints("strides", attributes, count: spatialRank, default: 1, smallest: 1)
    dilations = try Self.ints("dilations", attributes, count: spatialRank, default: 1, smallest: 1)
    pads = try Self.ints("pads", attributes, count: 2 * spatialRank, default: 0, smallest: 0)
    let name = attributes.string("auto_pad")
    guard let autoPad = name.isEmpty ? .notSet : AutoPad(rawValue: name) else {
      throw KernelError("attribute auto_pad: expected NOTSET, SAME_UPPER, SAME_LOWER or VALID, found \(name)")
    }
    self.autoPad = autoPad
    ceilMode = attributes.bool("ceil_mode")
  }

  /// Attribute `name` with one number an axis, each `smallest` or more.
  static func ints(
    _ name: String, _ attributes: NodeAttributes, count: Int, default value: Int, smallest: Int
  ) throws(KernelError) -> [Int] {
    // Some exporters write an empty list for "the default".
    guard let values = attributes.ints(name), !values.isEmpty else { return [Int](repeating: value, count: count) }
    guard values.count == count else {
      throw KernelError("attribute \(name): expected \(count) numbers, found \(values.count)")
    }
    guard values.allSatisfy({ $0 >= smallest && $0 <= largest }) else {
      throw KernelError("attribute \(name): expected numbers in \(smallest) ... \(largest), found \(values)")
    }
    return values
  }

  /// Elements that a window of `kernel` taps on `axis` spans, the gaps between taps included.
  func span(_ axis: Int, kernel: Int) -> Int { (kernel - 1) * dilations[axis] + 1 }

  /// Where the windows of `kernel` taps stand on an axis of `input` elements.
  public func axis(_ axis: Int, input: Int, kernel: Int) throws(KernelError) -> WindowAxis {
    guard kernel >= 1, kernel <= Self.largest, input <= 1 << 40 else {
      throw KernelError("a window of \(kernel) taps cannot stand on spatial axis \(axis) of extent \(input)")
    }
    let stride = strides[axis], span = span(axis, kernel: kernel)
    var before = pads[axis], after = pads[axis + strides.count]
    switch autoPad {
    case .notSet: break
    case .valid: (before, after) = (0, 0)
    case .sameUpper, .sameLower:
      let windows = (input + stride - 1) / stride
      let total = max(0, (windows - 1) * stride + span - input)
      before = autoPad == .sameUpper ? total / 2 : total - total / 2
      after = total - before
    }
    let slack = input + before + after - span
    guard slack >= 0 else {
      throw KernelError(
        "a window that spans \(span) does not fit into spatial axis \(axis) of extent \(input + before + after), padding included"
      )
    }
    var windows = slack / stride + 1
    if ceilMode, autoPad == .notSet, slack % stride != 0 {
      // One more window hangs over the end, unless it would start in the padding behind the input.
      if windows * stride < input + before { windows += 1 }
    }
    return WindowAxis(
      input: input, kernel: kernel, stride: stride, dilation: dilations[axis], padBefore: before, padAfter: after,
      output: windows)
  }

  public func axes(_ input: [Int], kernel: [Int]) throws(KernelError) -> [WindowAxis] {
    var result: [WindowAxis] = []
    for (axis, extent) in input.enumerated() { result.append(try self.axis(axis, input: extent, kernel: kernel[axis])) }
    return result
  }

  /// The number of windows on each axis, as far as it is known.
  public func outputs(_ input: [Dimension], kernel: [Dimension]) throws(KernelError) -> [Dimension] {
    var result: [Dimension] = []
    for (axis, dimension) in input.enumerated() {
      switch (dimension, kernel[axis]) {
      case (.known(let extent), .known(let taps)):
        result.append(.known(try self.axis(axis, input: extent, kernel: taps).output))
      case (.symbol, .known(let taps)) where keepsExtent(axis, kernel: taps): result.append(dimension)
      default: result.append(.unknown)
      }
    }
    return result
  }

  /// Whether there are as many windows as elements whatever the extent is.
  private func keepsExtent(_ axis: Int, kernel: Int) -> Bool {
    guard strides[axis] == 1, kernel >= 1, kernel <= Self.largest else { return false }
    switch autoPad {
    case .sameUpper, .sameLower: return true
    case .valid: return kernel == 1
    case .notSet: return pads[axis] + pads[axis + strides.count] == span(axis, kernel: kernel) - 1
    }
  }
}

extension InferenceContext {
  /// Runs a check that kernels share; what it finds is told with this node's name.
  func checked<R>(_ check: () throws(KernelError) -> R) throws(GraphError) -> R {
    do {
      return try check()
    } catch {
      throw fails(nil, error.description)
    }
  }
}
