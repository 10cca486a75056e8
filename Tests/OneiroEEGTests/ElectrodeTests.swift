import OneiroEEG
import Testing

@Suite("Electrodes") struct ElectrodeTests {
  @Test(
    arguments: [
      ("EEG FP1-REF", "Fp1"), ("fp1", "Fp1"), ("Fc5.", "FC5"), ("T3", "T7"), ("T6", "P8"), ("EEG O1-LE", "O1"),
      ("Cz", "Cz"), ("FFT7h", "FFT7h"), ("ECG", nil), ("Fp1-F7", nil), ("E17", nil), ("", nil), ("EEG", nil),
    ] as [(String, String?)])
  func standardNames(label: String, name: String?) { #expect(ElectrodeName.standard(label) == name) }

  @Test func placesOfTheTenTwentySystem() throws {
    func angle(_ a: String, _ b: String) throws -> Double {
      let a = try #require(ElectrodePositions.position(of: a)), b = try #require(ElectrodePositions.position(of: b))
      return (a * b).sum()
    }
    #expect(ElectrodePositions.position(of: "Cz") == [0, 0, 1])
    // A fifth of the way from nasion to inion, 45 degrees.
    for pair in [("Cz", "Fz"), ("Fz", "Fpz"), ("Cz", "C3"), ("C3", "T7"), ("Pz", "Oz")] {
      #expect(abs(try angle(pair.0, pair.1) - 0.5.squareRoot()) < 1e-12, "\(pair)")
    }
    // F3 is as far from F7 as from Fz, and the other side is its mirror image.
    #expect(abs(try angle("F3", "F7") - angle("F3", "Fz")) < 1e-12)
    let (f3, f4) = (try #require(ElectrodePositions.all["F3"]), try #require(ElectrodePositions.all["F4"]))
    #expect(f4 == [-f3.x, f3.y, f3.z] && f3.x < 0 && f3.y > 0)
    for (name, position) in ElectrodePositions.all {
      #expect(abs((position * position).sum() - 1) < 1e-12, "\(name)")
    }
    #expect(ElectrodePositions.tenTen.allSatisfy { ElectrodePositions.all[$0] != nil })
    #expect(ElectrodePositions.all.count > 300)
  }
}
