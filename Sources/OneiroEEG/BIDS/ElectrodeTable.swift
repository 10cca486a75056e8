import OneiroGraph

/// Where the `_electrodes.tsv` of a BIDS dataset says that electrodes are.
struct ElectrodeTable {
  /// By label: directions from the middle of the head, x to the right ear, y to the nose, z up, of length 1.
  let positions: [String: SIMD3<Double>]
  /// What keeps it from being of use.
  let warning: String?

  /// - system: `EEGCoordinateSystem` of the `_coordsystem.json` beside it.
  init(_ table: TabularFile, system: String?) throws(GraphError) {
    let file = BIDSSidecars.split(table.path).name
    var points: [(label: String, place: SIMD3<Double>)] = []
    for (number, row) in table.rows.enumerated() {
      guard let label = table.value(row, "name") else { continue }
      let texts = ["x", "y", "z"].map { table.value(row, $0) }
      guard !texts.contains(nil) else { continue }
      let numbers = texts.map { $0.flatMap { HeaderText.number($0) } }
      guard let x = numbers[0], let y = numbers[1], let z = numbers[2] else {
        throw .mismatch(
          file: table.path, "row \(number + 1): position", expected: "three numbers",
          found: "\"\(texts.map { $0 ?? "" }.joined(separator: " "))\"")
      }
      points.append((label, SIMD3(x, y, z)))
    }
    guard let turn = Self.axes(of: system) else {
      let found = system.map { "coordinate system \($0)" } ?? "no EEGCoordinateSystem in a _coordsystem.json"
      (positions, warning) = ([:], "\(file) is not used: \(found), so nobody knows which way its axes point")
      return
    }
    guard let middle = Self.middle(points.map(\.place)) else {
      (positions, warning) = ([:], "\(file) is not used: its \(counted(points.count, "place")) lie on no head")
      return
    }
    positions = Dictionary(
      points.map { ($0.label, turn(($0.place - middle).normalized)) }, uniquingKeysWith: { first, _ in first })
    warning = nil
  }

  /// How a direction becomes one with our axes; see "Coordinate systems" of https://bids-specification.readthedocs.io.
  private static func axes(of system: String?) -> ((SIMD3<Double>) -> SIMD3<Double>)? {
    switch system {
    case "CapTrak", "ElektaNeuromag", "ChietiItab": { $0 }
    // x to the nose, y to the left ear.
    case "CTF", "EEGLAB", "EEGLAB-HJ", "4DBti", "KitYokogawa": { SIMD3(-$0.y, $0.x, $0.z) }
    default: nil
    }
  }

  /// The middle of the sphere that is nearest to the points, by least squares of |p|² = 2 c·p + k; `nil` where they are
  /// near none.
  private static func middle(_ points: [SIMD3<Double>]) -> SIMD3<Double>? {
    guard points.count >= 4 else { return nil }
    // In lengths of about 1 around 0, whatever the unit is.
    let mean = points.reduce(SIMD3.zero, +) / Double(points.count)
    let spread = points.map { ($0 - mean).length }.max() ?? 0
    guard spread > 0, spread.isFinite else { return nil }
    let scaled = points.map { ($0 - mean) / spread }
    let rows = scaled.map { [2 * $0.x, 2 * $0.y, 2 * $0.z, 1] }, squares = scaled.map { dot($0, $0) }
    let matrix = (0..<4).map { i in (0..<4).map { j in rows.reduce(0) { $0 + $1[i] * $1[j] } } }
    let right = (0..<4).map { i in [zip(rows, squares).reduce(0) { $0 + $1.0[i] * $1.1 }] }
    guard let found = LinearSystem.solve(matrix, right) else { return nil }
    let centre = SIMD3(found[0][0], found[1][0], found[2][0])
    let distances = scaled.map { ($0 - centre).length }
    let radius = distances.reduce(0, +) / Double(distances.count)
    // A head is no sphere; what is further off than this is no head, or a piece of one.
    guard radius < 2, distances.allSatisfy({ abs($0 - radius) < 0.4 * radius }) else { return nil }
    return mean + centre * spread
  }
}
