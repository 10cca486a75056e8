/// Lines and areas with smooth edges.
extension Picture {
  /// A straight line between the middles of two points' pixels.
  /// - width: in pixels.
  public mutating func line(
    from: SIMD2<Double>, to: SIMD2<Double>, width: Double = 1, colour: Colour
  ) {
    guard from.x.isFinite, from.y.isFinite, to.x.isFinite, to.y.isFinite else { return }
    let reach = width / 2 + 1, along = to - from, squared = (along * along).sum()
    let low = pointwiseMin(from, to) - reach, high = pointwiseMax(from, to) + reach
    paint(low, high) { point in
      let share = squared == 0 ? 0 : min(1, max(0, ((point - from) * along).sum() / squared))
      let away = point - (from + along * share)
      return min(1, max(0, width / 2 + 0.5 - (away * away).sum().squareRoot()))
    } colour: { _ in
      colour
    }
  }

  /// Lines from each point to the next; a point that is not finite breaks them.
  public mutating func polyline(_ points: [SIMD2<Double>], width: Double = 1, colour: Colour) {
    for (from, to) in zip(points, points.dropFirst()) { line(from: from, to: to, width: width, colour: colour) }
  }

  public mutating func disc(centre: SIMD2<Double>, radius: Double, colour: Colour) {
    disc(centre: centre, radius: radius) { _ in colour }
  }

  /// - colour: at a place relative to the centre, in radii.
  public mutating func disc(centre: SIMD2<Double>, radius: Double, colour: (SIMD2<Double>) -> Colour) {
    paint(centre - radius - 1, centre + radius + 1) { point in
      let away = point - centre
      return min(1, max(0, radius + 0.5 - (away * away).sum().squareRoot()))
    } colour: {
      colour(($0 - centre) / radius)
    }
  }

  public mutating func circle(centre: SIMD2<Double>, radius: Double, width: Double = 1, colour: Colour) {
    paint(centre - radius - width, centre + radius + width) { point in
      let away = point - centre
      return min(1, max(0, width / 2 + 0.5 - abs((away * away).sum().squareRoot() - radius)))
    } colour: { _ in
      colour
    }
  }

  /// Mixes a colour into each pixel of a box by how much of it is covered.
  private mutating func paint(
    _ low: SIMD2<Double>, _ high: SIMD2<Double>, _ coverage: (SIMD2<Double>) -> Double,
    colour: (SIMD2<Double>) -> Colour
  ) {
    // Clamped as floating-point numbers: a point may lie anywhere.
    let left = Int(min(max(low.x.rounded(.down), 0), Double(width)))
    let right = Int(min(max(high.x.rounded(.up) + 1, 0), Double(width)))
    let top = Int(min(max(low.y.rounded(.down), 0), Double(height)))
    let bottom = Int(min(max(high.y.rounded(.up) + 1, 0), Double(height)))
    guard left < right, top < bottom else { return }
    for y in top..<bottom {
      for x in left..<right {
        let point = SIMD2(Double(x), Double(y)), share = coverage(point)
        guard share > 0 else { continue }
        let paint = colour(point), index = (y * width + x) * 3
        for (channel, level) in [paint.red, paint.green, paint.blue].enumerated() {
          let old = Double(pixels[index + channel])
          pixels[index + channel] = UInt8((old + (Double(level) - old) * share).rounded())
        }
      }
    }
  }
}
