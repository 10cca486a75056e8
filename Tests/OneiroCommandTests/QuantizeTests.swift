import Foundation
import OneiroDream
import OneiroGraph
import OneiroModel
import Testing

@Suite struct QuantizeTests {
  let files: Fixtures
  init() throws { files = try Fixtures() }

  private static let models = Program.repository.appendingPathComponent("Models").path
  private static let pipeline = "\(models)/dreamdiffusion-tiny.onnx"
  private static let trials = "\(models)/parts/eeg_samples.safetensors"

  @Test(
    "The bundled U-Net keeps its predictions, and another run replays the recipe",
    arguments: [("w8a8", 25.0, 0.30), ("w8a8 --equalize", 25, 0.30), ("w4", 20, 0.18), ("w8", 35, 0.30)])
  func bundled(scheme: String, decibels: Double, share: Double) throws {
    let output = files.path("small.onnx"), report = files.path("report.json")
    let result = try Program.run(
      [
        "quantize", Self.pipeline, output, "--role", "unet", "--calibration", "\(Self.trials):0,5",
        "--calibration-calls", "8", "--report", report, "--json", "--scheme",
      ] + scheme.split(separator: " ").map(String.init))
    #expect(result.status == 0, "\(result.errors)")
    let part = try #require(try parts(of: Data(result.output.utf8)).first)
    #expect(part["role"] as? String == "unet")
    let found = try #require(part["output_snr_db"] as? Double)
    #expect(found >= decibels, "\(scheme): \(found) dB")
    let before = try #require(part["bytes_before"] as? Double), after = try #require(part["bytes_after"] as? Double)
    #expect(after <= share * before, "\(scheme): \(after) of \(before) bytes")
    #expect((part["layers"] as? [Any])?.count == 121)
    #expect((part["equalized"] as? [Any])?.isEmpty == !scheme.contains("equalize"))
    let again = files.path("again.onnx")
    #expect(try Program.run(["quantize", Self.pipeline, again, "--recipe", report]).status == 0)
    let other = try Program.run([
      "quantize", Self.pipeline, files.path("other.onnx"), "--recipe", report, "--role", "conditioner",
    ])
    #expect(other.status == 1 && other.errors.contains("recipe: expected choices for part \"conditioner\""))
    for name in ["unet", "vae_decoder"] {
      #expect(
        try SHA256.hex(ofFile: files.path("again.\(name).weights"))
          == SHA256.hex(ofFile: files.path("small.\(name).weights")))
    }
  }

  @Test("A recipe goes from a pipeline's part to that part as a plain model, and back") func otherKind() throws {
    let plain = files.path("conditioner.onnx")
    #expect(try Program.run(["bundle", "extract", Self.pipeline, "conditioner", "--out", plain]).status == 0)
    /// Schemes and ranges of the only part with layers that stay not all as they are.
    func choices(_ arguments: [String], report: String, role: String) throws -> [String] {
      let result = try Program.run(["quantize"] + arguments + ["--report", files.path(report)])
      #expect(result.status == 0, "\(result.errors)")
      let parts = try parts(of: Data(contentsOf: URL(fileURLWithPath: files.path(report))))
      let part = try #require(parts.first { $0["role"] as? String == role }, "\(parts.map { $0["role"] })")
      return try #require(part["layers"] as? [[String: Any]]).map { layer in
        let range = layer["activation"] as? [String: Any]
        return "\(layer["name"] ?? "") \(layer["scheme"] ?? "") \(range?["scale"] ?? "") \(range?["zero_point"] ?? "")"
      }
    }
    let first = try choices(
      [
        Self.pipeline, files.path("a.onnx"), "--scheme", "w8a8", "--role", "conditioner", "--calibration",
        "\(Self.trials):0", "--calibration-calls", "1",
      ], report: "a.json", role: "conditioner")
    #expect(first.contains { $0.contains(" w8a8 0.") }, "\(first)")
    let second = try choices(
      [plain, files.path("b.onnx"), "--recipe", files.path("a.json")], report: "b.json", role: "")
    #expect(second == first)
    let third = try choices(
      [Self.pipeline, files.path("c.onnx"), "--recipe", files.path("b.json")], report: "c.json", role: "conditioner")
    #expect(third == first)
    let weights = try ["a", "c"].map { try SHA256.hex(ofFile: files.path("\($0).conditioner.weights")) }
    #expect(weights[0] == weights[1])
    try expectFailure(
      ["quantize", "\(Self.models)/parts/unet.onnx", files.path("d.onnx"), "--recipe", files.path("a.json")],
      "\(files.path("a.json")): recipe: expected choices for a plain model, or for one part with its layers, ",
      "found those for conditioner with other layers, such as ")
  }

  @Test("auto takes as few bytes as the bound allows")
  func automatic() throws {
    var bytes: [Double] = []
    for bound in [22.0, 35] {
      let result = try Program.run([
        "quantize", "\(Self.models)/parts/conditioner.onnx", files.path("auto.onnx"), "--scheme", "auto", "--min-snr",
        "\(bound)", "--prefer", "size", "--json", "--calibration-input",
        "tokens=\(try files.array(Tensor((0..<128 * 128).map { Float($0 % 97) / 50 - 1 }, dims: [1, 128, 128])))",
      ])
      #expect(result.status == 0, "\(result.errors)")
      let part = try #require(try parts(of: Data(result.output.utf8)).first)
      #expect(try #require(part["output_snr_db"] as? Double) >= bound)
      bytes.append(try #require(part["bytes_after"] as? Double))
    }
    #expect(bytes[0] < bytes[1])
  }

  @Test("auto says what it held its choice against, and keeps one that meets the goal")
  func automaticAsAWhole() throws {
    let tokens = try files.array(Tensor((0..<128 * 128).map { Float($0 % 97) / 50 - 1 }, dims: [1, 128, 128]))
    let arguments = [
      "quantize", "\(Self.models)/parts/conditioner.onnx", files.path("auto.onnx"), "--scheme", "auto", "--min-snr",
      "20", "--calibration-input", "tokens=\(tokens)",
    ]
    let result = try Program.run(arguments + ["--json"])
    #expect(result.status == 0, "\(result.errors)")
    let compared = try #require(try parts(of: Data(result.output.utf8)).first?["compared"] as? [[String: Any]])
    let names = compared.compactMap { $0["choice"] as? String }
    #expect(names.prefix(2) == ["float32", "w8a8"] && names.count == compared.count)
    let kept = compared.filter { $0["kept"] as? Bool == true }
    #expect(kept.count == 1 && kept[0]["meets_goal"] as? Bool == true)
    #expect(compared.allSatisfy { ($0["ms"] as? Double ?? 0) > 0 && ($0["bytes"] as? Int ?? 0) > 0 })
    let text = try Program.run(arguments).output.split(separator: "\n")
    #expect(text.contains { $0.hasPrefix("kept ") && $0.contains(" ms") })
    #expect(text.last?.contains("MiB at peak, kept ") == true, "\(text)")
  }

  @Test("auto leaves a part without layers alone, which has no calls to measure with either")
  func automaticWithoutLayers() throws {
    let result = try Program.run([
      "quantize", "\(Self.models)/dreamdiffusion-tiny.onnx", files.path("auto.onnx"), "--scheme", "auto", "--min-snr",
      "22", "--role", "conditioner", "--role", "preparation", "--json", "--calibration-calls", "1", "--calibration",
      "\(Self.models)/parts/eeg_samples.safetensors:0",
    ])
    #expect(result.status == 0, "\(result.errors)")
    let parts = try parts(of: Data(result.output.utf8))
    #expect(parts.map { $0["role"] as? String } == ["conditioner", "preparation"])
    #expect((parts.last?["layers"] as? [Any])?.isEmpty == true)
  }

  @Test("What auto fits into a size has the ratio of each part, and a word of all parts together")
  func openRatio() throws {
    let result = try Program.run([
      "quantize", Self.pipeline, files.path("auto.onnx"), "--scheme", "auto", "--max-memory", "400K", "--role",
      "eeg_encoder", "--role", "vae_decoder", "--calibration", "\(Self.trials):0", "--calibration-calls", "1",
    ])
    #expect(result.status == 0, "\(result.errors)")
    for part in ["eeg_encoder", "vae_decoder"] {
      #expect(result.output.contains(try Regex("\\n\(part) .* KiB +[0-9]+ +[0-9.]+ +[0-9.]+ +[0-9.]+\n")), "\(part)")
    }
    #expect(result.output.contains("\noutput SNR is that of a part with inputs as they were; "))
  }

  @Test("The page and the recipe say what schemes were chosen for, and what ran the model") func setting() throws {
    let html = files.path("auto.html"), json = files.path("auto.json")
    for report in [html, json] {
      let result = try Program.run([
        "quantize", "\(Self.models)/parts/conditioner.onnx", files.path("auto.onnx"), "--scheme", "auto", "--min-snr",
        "25", "--prefer", "size", "--report", report, "--backend", "vector", "--threads", "1", "--calibration-input",
        "tokens=\(try files.array(Tensor((0..<128 * 128).map { Float($0 % 97) / 50 - 1 }, dims: [1, 128, 128])))",
      ])
      #expect(result.status == 0, "\(result.errors)")
    }
    let page = try String(contentsOfFile: html, encoding: .utf8)
    #expect(page.contains("conditioner.onnx as auto, as small as outputs of 25.0 dB allow</p>"))
    #expect(page.contains("<p>run by vector on 1 thread</p>"))
    let object = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: json))) as? [String: Any]
    #expect(object?["goal"] as? String == "as small as outputs of 25.0 dB allow")
    #expect(object?["backend"] as? String == "vector" && object?["threads"] as? Int == 1)
  }

  @Test("Every column of a report has a name of its own, and a chart is as wide as its page") func columns() throws {
    let report = files.path("report.html")
    let result = try Program.run([
      "quantize", Self.pipeline, files.path("w8.onnx"), "--scheme", "w8", "--role", "eeg_encoder", "--role",
      "conditioner", "--calibration", "\(Self.trials):0", "--calibration-calls", "1", "--report", report,
    ])
    #expect(result.status == 0, "\(result.errors)")
    let page = try String(contentsOfFile: report, encoding: .utf8)
    let heads = page.matches(of: #/<tr>(<th.*?)</tr>/#).map { head in
      head.1.matches(of: #/<th[^>]*>([^<]*)</#).map { String($0.1) }
    }
    let measured = ["output SNR, dB", "time before, ms", "time after, ms"]
    #expect(heads.count == 3 && heads[0].suffix(3) == measured[...], "\(heads)")
    for head in heads { #expect(!head.contains("") && Set(head).count == head.count, "\(head)") }
    #expect(!page.contains("viewBox") && page.contains("● outputs</span>") && page.contains("<p>run by "))
    #expect(page.contains("cx=\"50.00%\"") || page.contains("x2=\"100%\""))
  }

  @Test("Trials in volts are told in one plain line") func volts() throws {
    let samples = try Recording(contentsOf: Self.trials).trial(0)
    let trial = try files.array(
      Tensor(samples.elements(of: Float.self).map { $0 * 1e-6 }, dims: samples.dims), name: "volts.npy")
    let result = try Program.run([
      "quantize", Self.pipeline, files.path("w8.onnx"), "--scheme", "w8", "--role", "conditioner", "--calibration",
      trial, "--evaluation", trial, "--calibration-calls", "1",
    ])
    let warnings = result.errors.split(separator: "\n").filter { $0.contains("warning") }
    #expect(result.status == 0 && warnings.count == 1, "\(result.errors)")
    #expect(warnings.first?.hasPrefix("warning: \(trial): the trials' standard deviation is ") == true, "\(warnings)")
  }

  @Test("What runs nothing names no backend") func nothingRun() throws {
    let result = try Program.run([
      "quantize", "\(Self.models)/parts/conditioner.onnx", files.path("w8.onnx"), "--scheme", "w8", "--json",
    ])
    let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
    #expect(object?["backend"] is NSNull && object?["threads"] is NSNull, "\(result.output.prefix(300))")
  }

  @Test("A recipe's fault is told with its place") func badRecipes() throws {
    let model = "\(Self.models)/parts/conditioner.onnx", output = files.path("out.onnx")
    func expect(_ layer: String, _ words: String...) throws {
      let recipe = try files.write(
        Array("{\"parts\": [{\"role\": \"\", \"layers\": [\(layer)]}]}".utf8), to: "recipe.json")
      let result = try Program.run(["quantize", model, output, "--recipe", recipe])
      #expect(result.status == 1 && !FileManager.default.fileExists(atPath: output), "status \(result.status)")
      for word in [recipe] + words { #expect(result.errors.contains(word), "\(word) is not in \(result.errors)") }
    }
    try expect(
      "{\"name\": \"/dim_mapper/MatMul\", \"scheme\": \"w8a9\"}", "scheme of layer \"/dim_mapper/MatMul\"",
      "expected one of f32, f16, w8, w4, w8a8, w8a8-dynamic, found \"w8a9\"; near it: w8a8")
    try expect("{\"name\": \"/dim_mapper/MatMul\"}", "nothing at parts[0].layers[0].scheme")
    func rounded(_ zeroPoint: String) -> String {
      "{\"name\": \"/dim_mapper/MatMul\", \"scheme\": \"w8a8\", \"activation\": "
        + "{\"scale\": 0.5, \"zero_point\": \(zeroPoint)}}"
    }
    for zeroPoint in ["300", "-1", "0.5", "1e+99"] {
      try expect(
        rounded(zeroPoint), "zero_point of layer \"/dim_mapper/MatMul\"", "expected 0 ... 255, found \(zeroPoint)")
    }
    try expect("{\"name\": 3, \"scheme\": \"w8\"}", "another kind of value at parts[0].layers[0].name")
  }

  @Test("Layers whose numbers a scheme does not hold stay in floats, and are named") func outOfRange() throws {
    var model = try Fixtures.parse("g (float[4,64] x) => (float[4,40] y) { [tiny] y = MatMul (x, w) }")
    model.graph.addInitializer("w", Tensor((0..<64 * 40).map { Float($0 % 89) * 1e-11 }, dims: [64, 40]))
    let path = try files.write(ModelWriter.bytes(of: model), to: "tiny.onnx"), output = files.path("half.onnx")
    let x = try files.array(Tensor((0..<4 * 64).map { Float($0 % 7) }, dims: [4, 64]))
    let result = try Program.run(["quantize", path, output, "--scheme", "f16", "--calibration-input", "x=\(x)"])
    #expect(
      result.status == 0 && result.output.contains("1 f32") && result.output.contains("exact"), "\(result.output)")
    #expect(
      result.errors.contains(
        "\(path): node \"tiny\" (MatMul) is f32: float16 does not hold weights of up to 8.8e-10, as in \"w\""),
      "\(result.errors)")
    #expect(try Program.run(["compare", output, "--backend", "vector"]).status == 0)
  }

  @Test("Of many such layers the first are named, and the report has the others") func manyOutOfRange() throws {
    let nodes = (0..<12).map { "[n\($0)] v\($0 + 1) = MatMul (v\($0), w\($0))" }.joined(separator: "\n")
    var model = try Fixtures.parse("g (float[4,32] v0) => (float[4,32] v12) { \(nodes) }")
    for number in 0..<12 {
      model.graph.addInitializer("w\(number)", Tensor([Float](repeating: 1e-10, count: 32 * 32), dims: [32, 32]))
    }
    let path = try files.write(ModelWriter.bytes(of: model), to: "many.onnx"), report = files.path("many.json")
    let arguments = ["quantize", path, files.path("half.onnx"), "--scheme", "f16"]
    let plain = try Program.run(arguments).errors, reported = try Program.run(arguments + ["--report", report]).errors
    #expect(plain.contains("node \"n9\"") && !plain.contains("node \"n10\""), "\(plain)")
    #expect(plain.contains("\(path): 2 more such layers, which --report FILE tells of"), "\(plain)")
    #expect(reported.contains("\(path): 2 more such layers, see \(report)"), "\(reported)")
  }

  @Test("Outputs that were zeros have a ratio of minus infinity, which is not NaN") func nothingLeft() throws {
    var model = try Fixtures.parse("g (float[1,32] x) => (float[1,32] y) { [even] y = MatMul (x, w) }")
    // 0.75 - 0.5 - 0.25, of which int8 makes (95 - 64 - 32) / 127.
    let rows: [Float] = [0.75, 0.5, 0.25, 1] + [Float](repeating: 0, count: 28)
    model.graph.addInitializer("w", Tensor(rows.flatMap { [Float](repeating: $0, count: 32) }, dims: [32, 32]))
    let path = try files.write(ModelWriter.bytes(of: model), to: "even.onnx")
    let x = try files.array(Tensor([1, -1, -1] + [Float](repeating: 0, count: 29), dims: [1, 32]))
    let result = try Program.run([
      "quantize", path, files.path("w8.onnx"), "--scheme", "w8", "--calibration-input", "x=\(x)",
    ])
    #expect(
      result.errors.contains("little is left of the outputs: their signal-to-noise ratio is minus infinity"),
      "\(result.errors)")
  }

  private func parts(of report: Data) throws -> [[String: Any]] {
    let object = try #require(try JSONSerialization.jsonObject(with: report) as? [String: Any])
    return try #require(object["parts"] as? [[String: Any]])
  }

  @Test("A report to look at, and a plain model with calls from files")
  func plain() throws {
    let model = "\(Self.models)/parts/conditioner.onnx", output = files.path("c.onnx"), report = files.path("c.html")
    let tokens = try files.array(Tensor((0..<128 * 128).map { Float($0 % 97) / 50 - 1 }, dims: [1, 128, 128]))
    let result = try Program.run([
      "quantize", model, output, "--scheme", "w8a8", "--calibration-input", "tokens=\(tokens)", "--report", report,
    ])
    #expect(result.status == 0 && result.output.contains("3 w8a8"), "\(result.errors)\(result.output)")
    let html = try String(contentsOfFile: report, encoding: .utf8)
    #expect(
      html.hasPrefix("<!DOCTYPE html>") && html.contains("<svg")
        && html.contains("/channel_mapper/channel_mapper.0/Conv"))
    #expect(try Program.run(["run", output, "--input", "tokens=\(tokens)"]).status == 0)
    try expectFailure(["quantize", output, files.path("twice.onnx"), "--scheme", "w8"], "c.onnx", "not quantized")
  }

  @Test("The page says when channels were equalized") func equalizedPage() throws {
    func noise(_ count: Int) -> [Float] { (0..<count).map { Float(($0 * 7919) % 1009) / 500 - 1 } }
    var model = try Fixtures.parse(
      "g (float[16,64] x) => (float[16,40] y) { n = LayerNormalization (x, scale) \n [first] y = MatMul (n, w) }")
    // Every ninth channel is far larger than the others.
    model.graph.addInitializer("scale", Tensor((0..<64).map { $0 % 9 == 0 ? 60 : 1 } as [Float], dims: [64]))
    model.graph.addInitializer("w", Tensor(noise(64 * 40), dims: [64, 40]))
    let path = try files.write(ModelWriter.bytes(of: model), to: "uneven.onnx")
    let x = try files.array(Tensor(noise(16 * 64), dims: [16, 64])), report = files.path("report.html")
    for (option, words) in [
      (["--equalize"], "w8a8 with equalized channels, ranges by mse"), ([], "w8a8, ranges by mse"),
    ] {
      let result = try Program.run(
        [
          "quantize", path, files.path("even.onnx"), "--scheme", "w8a8", "--calibration-input", "x=\(x)", "--report",
          report,
        ] + option)
      #expect(result.status == 0, "\(result.errors)")
      #expect(try String(contentsOfFile: report, encoding: .utf8).contains("<p>\(path) as \(words)</p>"))
    }
  }

  @Test("Bad calibration sets") func badCalibration() throws {
    let output = files.path("out.onnx")
    func expect(_ recording: Tensor, _ words: [String]) throws {
      let file = try files.array(recording, name: "bad.npy")
      let result = try Program.run([
        "quantize", Self.pipeline, output, "--scheme", "w8a8", "--calibration", file,
      ])
      #expect(result.status == 1 && !result.crashed, "\(result.errors)")
      for word in ["bad.npy"] + words { #expect(result.errors.contains(word), "\(result.errors)") }
      #expect(!FileManager.default.fileExists(atPath: output))
    }
    try expect(Tensor([Float](repeating: 0, count: 128 * 512), dims: [1, 128, 512]), ["zeros alone"])
    try expect(Tensor([Float](repeating: 1, count: 64 * 512), dims: [1, 64, 512]), ["128 channels", "64 channels"])
    try expect(Tensor([Float](), dims: [0, 128, 512]), ["expected", "found"])
    var product = try Fixtures.parse("g (float[N,32] x) => (float[N,32] y) { y = MatMul (x, w) }")
    product.graph.addInitializer("w", Tensor((0..<1024).map { Float($0 % 7) }, dims: [32, 32]))
    let encoder = try files.write(ModelWriter.bytes(of: product), to: "encoder.onnx")
    let bad: [(numbers: [Float], words: [String])] = [
      ([Float](repeating: 1, count: 31) + [.nan], ["x.npy", "NaN as element 31"]),
      ([], ["encoder.onnx", "no element"]),
    ]
    for (numbers, words) in bad {
      let x = try files.array(Tensor(numbers, dims: [numbers.count / 32, 32]), name: "x.npy")
      let result = try Program.run(["quantize", encoder, output, "--scheme", "w8a8", "--calibration-input", "x=\(x)"])
      #expect(result.status == 1 && words.allSatisfy(result.errors.contains), "\(result.errors)")
    }
    try expectFailure(
      ["quantize", Self.pipeline, output, "--scheme", "w8", "--role", "nose"], "role", "unet", "\"nose\"")
    try expectFailure(
      ["quantize", Self.pipeline, output, "--scheme", "w8", "--keep", "nose*"], "--keep", "/Conv", "\"nose*\"")
    let half = try files.model("g (float[32,32] x) => (float[32,32] y) { [half] y = MatMul (x) }", name: "half.onnx")
    try expectFailure(["quantize", half, output, "--scheme", "w8"], "half.onnx", "\"half\"", "expected 2 inputs")
    let model = try files.model(
      "g (float[N,8] x) => (float[N,8] y) { [plain] y = Relu (x) }", name: "none.onnx")
    try expectFailure(["quantize", model, output, "--scheme", "w8"], "none.onnx", "MatMul", "found none")
  }

  @Test("Numbers that sums overflow with are told with model, node, value and file; a ratio that says nothing is none")
  func overflow() throws {
    let output = files.path("out.onnx")
    func quantize(_ graph: String, _ number: Float, _ scheme: String) throws -> Program.Result {
      var model = try Fixtures.parse(graph)
      model.graph.addInitializer("w", Tensor((0..<1024).map { Float(2 + $0 % 7) / 3 }, dims: [32, 32]))
      let path = try files.write(ModelWriter.bytes(of: model), to: "model.onnx")
      let x = try files.array(Tensor([Float](repeating: number, count: 32), dims: [1, 32]))
      return try Program.run(["quantize", path, output, "--scheme", scheme, "--calibration-input", "x=\(x)"])
    }
    let product = "g (float[1,32] x) => (float[1,32] y) { [far] y = MatMul (x, w) }"
    let far = try quantize(product, 8e37, "w8a8")
    #expect(far.status == 1 && !FileManager.default.fileExists(atPath: output), "\(far.errors)")
    #expect(
      far.errors.contains(
        "model.onnx: node \"far\" (MatMul): value \"y\": element 0: expected a finite number when called with "
          + "\(files.path("x.npy")), whose numbers reach 8e+37, found inf"), "\(far.errors)")
    let difference = "g (float[1,32] x) => (float[1,32] y) { h = MatMul (x, w) \n r = Relu (h) \n y = Sub (r, h) }"
    #expect(try quantize(difference, 8e37, "w8a8").errors.contains("whose numbers reach 8e+37, found "))
    let weights = try quantize(product, 8e37, "w8")
    #expect(weights.status == 0 && weights.output.contains("none"), "\(weights.output)")
    #expect(weights.errors.contains("outputs are infinite or NaN before anything is rounded, so that calls with "))
    // Sums of about fifty are less than the last bit of 1e30.
    let drowned = "g (float[1,32] x) => (float[1,32] y) <float c = {1e30}> { h = MatMul (x, w) \n y = Add (h, c) }"
    for scheme in ["w8", "w8a8"] {
      let unmoved = try quantize(drowned, 1, scheme)
      #expect(unmoved.status == 0 && unmoved.output.contains("unmoved"), "\(unmoved.output)")
      #expect(!unmoved.output.contains("exact"), "\(unmoved.output)")
      #expect(
        unmoved.errors.contains("rounded weights leave the outputs as they were to the last bit"), "\(unmoved.errors)")
    }
  }

  @Test("A model's own weights are not written over", arguments: ["own.weights", "own.int8"])
  func ownWeights(name: String) throws {
    var product = try Fixtures.parse("g (float[N,32] x) => (float[N,32] y) { y = MatMul (x, w) }")
    product.graph.addInitializer("w", Tensor((0..<1024).map { Float($0 % 7) }, dims: [32, 32]))
    let model = files.path("own.onnx"), weights = files.path("own.weights")
    try ModelWriter.write(product, to: model, externalDataFile: "own.weights", threshold: 1)
    let before = FileManager.default.contents(atPath: weights)
    // The second one's weights would have the name of the first one's.
    try expectFailure(["quantize", model, files.path(name), "--scheme", "w8"], "own.weights", "weights of the model")
    #expect(before != nil && FileManager.default.contents(atPath: weights) == before)
  }

  @Test("Scales that no run can use are refused when a model is loaded", arguments: ["0.0", "nan", "inf"])
  func badScales(_ scale: String) throws {
    var model = try Fixtures.parse(
      "g (float[2] x) => (float[2] y) { [q] h = QuantizeLinear (x, s, z) \n [d] y = DequantizeLinear (h, s, z) }")
    model.graph.addInitializer("s", Tensor(scalar: Float(scale)!))
    model.graph.addInitializer("z", Tensor(scalar: UInt8(3)))
    let path = try files.write(ModelWriter.bytes(of: model), to: "scale.onnx")
    try expectFailure(["run", path], "scale.onnx", "\"q\"", "scale \"s\"", "a finite number other than 0")
  }

  @Test("A scale of a channel is told with its place", arguments: ["0.0", "nan"])
  func badChannelScales(_ scale: String) throws {
    var model = try Fixtures.parse(
      """
      g (float[4,2] x) => (float[4,3] y) { [weight] w = DequantizeLinear <axis: int = 1> (b, s) \n y = MatMul (x, w) }
      """)
    model.graph.addInitializer("b", Tensor([Int8](repeating: 0, count: 6), dims: [2, 3]))
    model.graph.addInitializer("s", Tensor([0.5, Float(scale)!, 1], dims: [3]))
    let path = try files.write(ModelWriter.bytes(of: model), to: "scale.onnx")
    try expectFailure(
      ["run", path], path, "\"weight\" (DequantizeLinear", "scale \"s\": element 1",
      "expected a finite number other than 0", "found \(scale)")
  }

  @Test("A size that cannot be had is told before anything is measured, of whichever part") func tooSmall() throws {
    let output = files.path("auto.onnx")
    let result = try Program.run([
      "quantize", Self.pipeline, output, "--scheme", "auto", "--max-memory", "100K", "--calibration",
      "\(Self.models)/parts/eeg_samples.safetensors:0",
    ])
    #expect(result.status == 1 && !FileManager.default.fileExists(atPath: output), "\(result.errors)")
    #expect(result.errors.contains("the choice of schemes: expected 100.0 KiB of weights, found "), "\(result.errors)")
    // Nothing else is said: no picture was drawn.
    #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
  }

  @Test("A quantized model that compare finds different says that attention is computed in few bits")
  func compareQuantized() throws {
    let output = files.path("w8a8.onnx")
    let made = try Program.run([
      "quantize", Self.pipeline, output, "--scheme", "w8a8", "--role", "unet", "--calibration",
      "\(Self.models)/parts/eeg_samples.safetensors:0",
    ])
    #expect(made.status == 0, "\(made.errors)")
    let arguments = ["compare", output, "--role", "unet", "--backend", "vector", "--tolerance", "1e-5"]
    let found = try Program.run(arguments), hint = "computed in 8 bits, which the reference run does not do"
    #expect(found.status == 1 && found.output.contains(hint), "\(found.output)\(found.errors)")
    #expect(found.output.contains("--skip narrow-attention compares without"), "\(found.output)")
    #expect(try !Program.run(arguments + ["--skip", "narrow-attention"]).output.contains(hint))
  }

  @Test("A part whose layers all stay in floats has no chart, and tables move by themselves") func page() throws {
    let report = files.path("report.html")
    let result = try Program.run([
      "quantize", "\(Self.models)/parts/conditioner.onnx", files.path("kept.onnx"), "--scheme", "w8", "--keep", "*",
      "--report", report,
    ])
    #expect(result.status == 0, "\(result.errors)")
    let page = try String(contentsOfFile: report, encoding: .utf8)
    #expect(!page.contains("<svg") && page.contains("<div class=\"scroll\"><table>") && page.contains("viewport"))
    #expect(page.contains("<th class=\"number\">size before</th><th class=\"number\">size after</th>"))
    #expect(!page.contains("SNR") && !page.contains("time before") && !page.contains("run by"), "nothing was run")
  }

  @Test("Of what was not measured there are no columns, and a part without layers says so") func unmeasured() throws {
    let report = files.path("report.html")
    let result = try Program.run([
      "quantize", Self.pipeline, files.path("w8.onnx"), "--scheme", "w8", "--role", "conditioner", "--role",
      "preparation", "--report", report,
    ])
    #expect(result.status == 0, "\(result.errors)")
    let lines = result.output.split(separator: "\n")
    #expect(
      lines[0].firstMatch(of: #/^part +layers +size before +size after +size ratio, %$/#) != nil, "\(result.output)")
    #expect(lines[2].firstMatch(of: #/^preparation +none +8 bytes +8 bytes +100$/#) != nil, "\(result.output)")
    let page = try String(contentsOfFile: report, encoding: .utf8)
    let titles = ["size before", "size after", "size ratio, %"].map { "<th class=\"number\">\($0)</th>" }.joined()
    #expect(page.contains("<th>part</th><th>layers</th>\(titles)</tr>") && !page.contains("run by"))
    #expect(page.contains("<td>preparation</td><td>none</td>"))
    #expect(page.contains(">weight SNR, dB</th></tr>"), "no column of outputs, times or reasons")
    #expect(page.contains("○ weights</span>") && !page.contains("● outputs</span>"))
  }

  @Test("Biases of int32 have a zero point of 0") func badZeroPoint() throws {
    let path = try files.model(
      """
      g (int32[2] x) => (float[2] y) <float s = {1.0}, int32 z = {5}> { [d] y = DequantizeLinear (x, s, z) }
      """, name: "point.onnx")
    try expectFailure(["run", path], "point.onnx", "\"d\"", "zero point \"z\"", "found 5")
  }
}
