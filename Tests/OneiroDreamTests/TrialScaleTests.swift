import Foundation
import OneiroDream
import OneiroEEG
import OneiroGraph
import OneiroModel
import OneiroRuntime
import OneiroTestSupport
import Testing

@Suite struct TrialScaleTests {
  private static let models = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Models").path
  private static let pipeline = "\(models)/dreamdiffusion-tiny.onnx"

  /// The bundled trials in another unit.
  private static func samples(times factor: Float) throws -> Recording {
    let recording = try Recording(contentsOf: "\(models)/parts/eeg_samples.safetensors").selecting(.ranges([0...3]))
    let values = recording.trials.elements(of: Float.self).map { $0 * factor }
    return try Recording(["eeg": Tensor(values, dims: recording.trials.dims)], source: "trials.npy")
  }

  /// The bundled pipeline's scale with something of its preparation changed.
  private static func scale(_ change: (inout PreparationSettings) -> Void) throws -> TrialScale {
    var settings = try Preparation(pipeline).settings
    change(&settings)
    let model = try PipelineBuilder.setPreparation(settings, in: Bundle.load(pipeline), name: "p.onnx")
    return try #require(TrialScale(model, name: "p.onnx"))
  }

  @Test("Microvolts are taken as they are", arguments: [1, 0.1, 30, 1000] as [Float])
  func right(factor: Float) throws {
    #expect(try Self.scale { _ in }.warning(of: Self.samples(times: factor)) == nil)
  }

  @Test(
    "Volts, millivolts and raw numbers are told with what to do",
    arguments: [
      (1e-6, "volts or millivolts"), (1e-3, "volts or millivolts"), (1e5, "the raw numbers of an amplifier"),
    ] as [(Float, String)])
  func wrong(factor: Float, look: String) throws {
    let warning = try #require(try Self.scale { _ in }.warning(of: Self.samples(times: factor)))
    #expect(warning.contains("of EEG about 10 in the unit that p.onnx takes, 1 µV: they look like \(look); "))
    #expect(warning.contains("oneiro eeg prepare") && !warning.contains("\n"))
  }

  @Test("The unit is the pipeline's") func unit() throws {
    let volts = try Self.scale { $0.microvoltsPerUnit = 1e6 }
    #expect(try volts.warning(of: Self.samples(times: 1e-6)) == nil)
    #expect(try volts.warning(of: Self.samples(times: 1))?.contains("about 1e-05 in the unit") == true)
  }

  @Test("Where channels are normalized, microvolts are no prepared trials") func normalized() throws {
    let scale = try Self.scale { $0.normalization = .robustZ }
    #expect(try scale.warning(of: Self.samples(times: 1)) == nil)
    for factor in [1e-6, 30] as [Float] {
      let warning = try #require(try scale.warning(of: Self.samples(times: factor)))
      #expect(warning.contains("the preparation of p.onnx brings that of each channel to about 1; trials that it"))
    }
  }

  @Test("Zeros, offsets and a few wild channels say nothing of the unit") func spared() throws {
    let scale = try Self.scale { _ in }
    func warning(_ value: (_ channel: Int, _ sample: Int) -> Float) throws -> String? {
      let values = (0..<128 * 512).map { value($0 / 512, $0 % 512) }
      return scale.warning(of: try Recording(["eeg": Tensor(values, dims: [128, 512])], source: "a.npy"))
    }
    #expect(try warning { _, _ in 0 } == nil)
    #expect(try warning { _, sample in 20_000 + Float(sample % 7) } == nil)
    #expect(try warning { channel, sample in Float(sample % 7) * (channel < 40 ? 1e6 : 1) } == nil)
    #expect(try warning { channel, sample in channel < 100 ? 0 : Float(sample % 7) * 1e-6 } != nil)
  }

  @Test("A pipeline that says nothing of recordings has no scale") func unknown() throws {
    var model = try Bundle.load(Self.pipeline)
    model.graph.nodes.removeAll { $0.name == "preparation" }
    #expect(TrialScale(model, name: "p.onnx") == nil)
  }

  @Test("Trials that are opened come with the warning, also arrays that are prepared") func opened() throws {
    let folder = try TemporaryFolder()
    let opener = try RecordingOpener(Self.pipeline, planner: Planner(backend: try Backend("reference")))
    for (factor, count) in [(1e-6, 1), (1, 0)] as [(Float, Int)] {
      try NpyFile.write(try Self.samples(times: factor).trials, to: folder.file("trials.npy"))
      #expect(try opener.open(folder.file("trials.npy")).warnings.count == count)
      var request = PreparationRequest()
      request.window = SecondsRange(from: 0, to: 0.4)
      let prepared = try opener.open(folder.file("trials.npy"), .all, request)
      #expect(prepared.recording.preparation != nil)
      #expect(prepared.warnings.count { $0.hasPrefix("the trials' standard deviation") } == count)
    }
    #expect(try opener.open("\(Self.models)/parts/eeg_samples.safetensors").warnings.isEmpty)
  }
}
