import OneiroEEG
import Testing

@Suite("preparation.json") struct PreparationSettingsTests {
  private let full = """
    {"montage": ["Fp1", "X1"], "positions": [[0, 1, 0], [0, 0, 2]], "sampling_rate": 500, "band": [0.5, null],
     "band_order": 2, "notch": [50, 100], "notch_quality": 20, "reference": ["M1", "M2"], "window": [-0.1, 0.4],
     "baseline": [-0.1, 0], "normalization": "robust_z", "samples": 256, "microvolts_per_unit": 10, "classes": ["a", "b"]}
    """

  @Test func everythingIsReadAndWritten() throws {
    let settings = try PreparationSettings(json: full, name: "p.json")
    #expect(settings.montage.names == ["Fp1", "X1"] && settings.montage.positions[1] == [0, 0, 1])
    #expect(settings.samplingRate == 500 && settings.filters.band == FrequencyBand(low: 0.5, high: nil))
    #expect(
      settings.filters.order == 2 && settings.filters.notches == [50, 100] && settings.filters.notchQuality == 20)
    #expect(settings.reference == .channels(["M1", "M2"]) && settings.window.samples(at: 500) == -50..<200)
    #expect(settings.normalization == .robustZ && settings.sampleCount == 256 && settings.classes == ["a", "b"])
    #expect(try PreparationSettings(json: settings.json, name: "again") == settings)
    #expect(try PreparationSettings(json: settings.json, name: "again").json == settings.json)
  }

  @Test(arguments: [
    (#""samples": 256"#, #""samples": 1"#, "samples"), (#""samples": 256"#, #""samples": "many""#, "samples"),
    (#""sampling_rate": 500"#, #""sampling_rate": 0"#, "sampling_rate: expected more than 0, found 0.0"),
    (#""sampling_rate": 500"#, #""sampling_rate": -1"#, "sampling_rate"),
    (#""sampling_rate": 500"#, #""sampling_rate": 1e300"#, "1000000 Hz at most"),
    ("[0.5, null]", "[40, 1]", "band: expected [low, high]"), ("[0.5, null]", "[null, null]", "band"),
    ("[-0.1, 0.4]", "[0.4, -0.1]", "window"), ("[-0.1, 0.4]", "[0, 0.001]", "two samples"),
    ("[-0.1, 0]", "[0]", "baseline"), ("robust_z", "z", "none or robust_z, found z"),
    (#"["M1", "M2"]"#, #""nose""#, "reference"), (#""X1"]"#, #""fp1"]"#, "each name once"),
    (#""Fp1", "X1"]"#, #""T3", "T7"]"#, "each name once"),
    ("[[0, 1, 0], [0, 0, 2]]", "[[0, 1, 0]]", "positions"),
    ("[[0, 1, 0], [0, 0, 2]]", "[[0, 1, 0], [0, 0, 0]]", "positions"),
    (#""montage": ["Fp1", "X1"], "positions": [[0, 1, 0], [0, 0, 2]], "#, "", "montage"),
    ("[50, 100]", "[-50]", "notch"),
    (#""microvolts_per_unit": 10"#, #""microvolts_per_unit": 0"#, "microvolts_per_unit"),
    ("{", "", "preparation"),
  ]) func whatCannotBeIsRefused(old: String, new: String, words: String) {
    #expect(full.contains(old))
    expectFailure("p.json", words) { _ = try PreparationSettings(json: full.replacing(old, with: new), name: "p.json") }
  }
}
