import OneiroGraph

/// How the elements of a value lie in the memory of an earlier one: what Transpose, Reshape and their like do to it.
///
/// An axis is a list of parts, outermost first, because a Reshape may join axes that do not lie side by side:
/// [N, H, T, D] seen in the memory of [N, T, H, D] as [N*H, T, D] has a first axis of two parts.
struct AxisLayout: Equatable {
  struct Part: Equatable {
    var extent, stride: Int
  }

  var axes: [[Part]]
  var offset = 0

  /// Row-major, without gaps.
  init(contiguous dims: [Int]) {
    var stride = 1
    axes = dims.reversed().map { extent in
      defer { stride *= extent }
      return extent == 1 ? [] : [Part(extent: extent, stride: stride)]
    }.reversed()
  }

  var dims: [Int] { axes.map { $0.reduce(1) { $0 * $1.extent } } }

  /// All parts in row-major order, those joined that lie side by side.
  static func joined(_ parts: some Sequence<Part>) -> [Part] {
    var result: [Part] = []
    for part in parts where part.extent != 1 {
      if let last = result.last, last.stride == part.stride * part.extent {
        result[result.count - 1] = Part(extent: last.extent * part.extent, stride: part.stride)
      } else {
        result.append(part)
      }
    }
    return result
  }

  /// Whether walking the axes in order walks the memory in order, from its beginning.
  var isContiguous: Bool {
    let parts = Self.joined(axes.joined())
    return offset == 0 && (parts.isEmpty || parts.count == 1 && parts[0].stride == 1)
  }

  func transposed(_ order: [Int]) -> AxisLayout? {
    guard order.sorted() == Array(axes.indices) else { return nil }
    var copy = self
    copy.axes = order.map { axes[$0] }
    return copy
  }

  /// The same elements in the same order under other extents; `nil` when these cut a part unevenly.
  func reshaped(_ dims: [Int]) -> AxisLayout? {
    guard dims.allSatisfy({ $0 > 0 }), Tensor.elementCount(dims) == Tensor.elementCount(self.dims) else { return nil }
    var rest = Self.joined(axes.joined())[...]
    var copy = self
    copy.axes = []
    for var extent in dims {
      var axis: [Part] = []
      while extent > 1 {
        guard let part = rest.first else { return nil }
        if extent % part.extent == 0 {
          axis.append(part)
          extent /= part.extent
          rest.removeFirst()
        } else {
          guard part.extent % extent == 0 else { return nil }
          let inner = part.extent / extent
          axis.append(Part(extent: extent, stride: part.stride * inner))
          rest[rest.startIndex].extent = inner
          extent = 1
        }
      }
      copy.axes.append(axis)
    }
    return copy
  }

  /// `count` elements of an axis from `start` on.
  func sliced(axis: Int, start: Int, count: Int) -> AxisLayout? {
    let parts = Self.joined(axes[axis])
    guard start >= 0, count > 0, parts.count <= 1, start + count <= (parts.first?.extent ?? 1) else { return nil }
    var copy = self
    if let part = parts.first {
      copy.offset += start * part.stride
      copy.axes[axis] = count == 1 ? [] : [Part(extent: count, stride: part.stride)]
    }
    return copy
  }
}
