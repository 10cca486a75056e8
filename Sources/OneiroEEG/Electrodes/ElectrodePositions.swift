import Foundation

/// Where electrodes of the 10-05 system sit (Oostenveld and Praamstra 2001), on a sphere: x to the right ear, y to the
/// nose, z up, length 1.
///
/// The system divides arcs in equal parts, so positions are computed, not listed. From nasion over Cz to inion it is
/// 225 degrees, a tenth 22.5: Fpz, T7, Oz and T8 lie on the equator. Along the equator the left half is parted by ten.
/// A row ("F") is the circle through its ends on the equator and its middle ("F7", "Fz", "F8"), each half in four
/// parts.
public enum ElectrodePositions {
  public typealias Position = SIMD3<Double>

  /// By a label as files have it; see `ElectrodeName`.
  public static func position(of label: String) -> Position? { ElectrodeName.standard(label).flatMap { all[$0] } }

  /// By the standard name.
  public static let all: [String: Position] = {
    var positions: [String: Position] = [:]
    for row in rows {
      for column in 0...10 {
        // 0 is the midline; odd steps are those between the electrodes of the 10-10 system, "F1h".
        let number = column == 0 ? "z" : ""
        let isTemporal = column >= 7
        let name = isTemporal ? row.temporal : row.name
        let left = column == 0 ? 0 : (column + 1) / 2 * 2 - 1
        let half = column % 2 == 1 ? "h" : ""
        let place = row.position(Double(column) / 8)
        if column == 0 {
          positions[name + number] = place
        } else {
          positions["\(name)\(left)\(half)"] = place
          positions["\(name)\(left + 1)\(half)"] = Position(-place.x, place.y, place.z)
        }
      }
    }
    for (name, angle) in [("Fp1", 18.0), ("O1", 162), ("Fp1h", 9), ("O1h", 171)] {
      let place = equator(angle)
      positions[name] = place
      positions[name.replacing("1", with: "2")] = Position(-place.x, place.y, place.z)
    }
    positions["Fpz"] = equator(0)
    positions["Oz"] = equator(180)
    positions["Nz"] = midline(112.5)
    positions["Iz"] = midline(-112.5)
    // Ear lobes and mastoids, which are no places of the system, sit below these.
    for (name, near) in [("A1", "T9"), ("A2", "T10"), ("M1", "TP9"), ("M2", "TP10")] {
      positions[name] = positions[near]
    }
    return positions
  }()

  private struct Row {
    /// Above and at the side: "FC" and "FT".
    let name: String, temporal: String
    /// Degrees from Fpz along the equator, and from Cz to the nose along the midline.
    let side: Double, middle: Double

    /// - fraction: 0 on the midline, 1 on the equator to the left; beyond it goes on below.
    func position(_ fraction: Double) -> Position {
      let (left, top) = (equator(side), midline(middle)), right = Position(-left.x, left.y, left.z)
      // The circle lies in a plane across the midline; its centre is below the middle of its ends' chord.
      let normal = cross(top - left, right - left).normalized
      let centre = normal * dot(normal, top)
      let (up, across) = ((top - centre).normalized, Position(-1, 0, 0))
      let radius = (top - centre).length
      let angle = atan2(dot(left - centre, across), dot(left - centre, up)) * fraction
      return centre + (up * cos(angle) + across * sin(angle)) * radius
    }
  }

  /// Rows of the 10-10 system, and those between them.
  private static let rows: [Row] = [
    Row(name: "AFp", temporal: "AFp", side: 27, middle: 78.75), Row(name: "AF", temporal: "AF", side: 36, middle: 67.5),
    Row(name: "AFF", temporal: "AFF", side: 45, middle: 56.25), Row(name: "F", temporal: "F", side: 54, middle: 45),
    Row(name: "FFC", temporal: "FFT", side: 63, middle: 33.75), Row(name: "FC", temporal: "FT", side: 72, middle: 22.5),
    Row(name: "FCC", temporal: "FTT", side: 81, middle: 11.25), Row(name: "C", temporal: "T", side: 90, middle: 0),
    Row(name: "CCP", temporal: "TTP", side: 99, middle: -11.25),
    Row(name: "CP", temporal: "TP", side: 108, middle: -22.5),
    Row(name: "CPP", temporal: "TPP", side: 117, middle: -33.75), Row(name: "P", temporal: "P", side: 126, middle: -45),
    Row(name: "PPO", temporal: "PPO", side: 135, middle: -56.25),
    Row(name: "PO", temporal: "PO", side: 144, middle: -67.5),
    Row(name: "POO", temporal: "POO", side: 153, middle: -78.75),
  ]

  private static func equator(_ degrees: Double) -> Position {
    Position(-sin(degrees * .pi / 180), cos(degrees * .pi / 180), 0)
  }
  private static func midline(_ degrees: Double) -> Position {
    Position(0, sin(degrees * .pi / 180), cos(degrees * .pi / 180))
  }
}

extension SIMD3<Double> {
  var length: Double { (self * self).sum().squareRoot() }
  var normalized: SIMD3<Double> { self / length }
}

func dot(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> Double { (a * b).sum() }

func cross(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> SIMD3<Double> {
  SIMD3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
}

extension ElectrodePositions {
  /// The 21 of the original 10-20 system, without the ears, in the order of a usual montage.
  public static let tenTwenty = [
    "Fp1", "Fpz", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz", "C4", "T8", "P7", "P3", "Pz", "P4", "P8", "O1",
    "Oz", "O2",
  ]

  /// The 64 of usual caps.
  public static let tenTen = [
    "Fp1", "AF7", "AF3", "F1", "F3", "F5", "F7", "FT7", "FC5", "FC3", "FC1", "C1", "C3", "C5", "T7", "TP7", "CP5",
    "CP3",
    "CP1", "P1", "P3", "P5", "P7", "P9", "PO7", "PO3", "O1", "Iz", "Oz", "POz", "Pz", "CPz", "Fpz", "Fp2", "AF8", "AF4",
    "AFz", "Fz", "F2", "F4", "F6", "F8", "FT8", "FC6", "FC4", "FC2", "FCz", "Cz", "C2", "C4", "C6", "T8", "TP8", "CP6",
    "CP4", "CP2", "P2", "P4", "P6", "P8", "P10", "PO8", "PO4", "O2",
  ]
}
