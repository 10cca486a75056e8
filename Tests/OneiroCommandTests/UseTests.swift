import Foundation
import OneiroGraph
import OneiroModel
import OneiroPicture
import Testing

@Suite("The verbs, rightly and wrongly used") struct UseTests {
  let files: Fixtures
  init() throws { files = try Fixtures() }

  @Test(arguments: [
    ["run"], ["dump"], ["bench"], ["conformance"], ["levitate"],
    ["run", "m.onnx", "--levitate"], ["run", "m.onnx", "--input", "x"], ["run", "m.onnx", "--threads", "0"],
    ["dump", "m.onnx", "--format", "html"], ["dump", "m.onnx", "--stage", "dreamt"], ["dump", "m.onnx", "--depth=-1"],
    ["dump", "m.onnx", "--input", "x=wide"], ["bench", "m.onnx", "--runs", "0"], ["bench", "m.onnx", "--seed", "x"],
    ["kernels", "a.so", "b.so"], ["conformance", "f", "--time-limit", "0"], ["ops", "--backend"],
    ["selftest", "--backend"], ["bundle", "replace", "p.onnx"],
    ["bundle", "replace", "p.onnx", "unet=u.onnx", "--unconditional", "n.npy"],
    ["dream", "p.onnx", "--eeg", "e.npy", "--out", "p.png", "--sampler", "heun"],
    ["dream", "p.onnx", "--eeg", "e.npy", "--out", "p.png", "--sampler", "euler,plms"],
    ["dream", "p.onnx", "--eeg", "e.npy", "--out", "p.png", "--steps", "10,20"],
    ["dream", "p.onnx", "--eeg", "e.npy", "--out", "p.png", "--steps", "10,"],
    ["dream", "p.onnx", "--eeg", "e.npy", "--out", "p.png", "--reference-steps", "10"],
    ["dream", "p.onnx", "--eeg", "e.npy", "--compare-samplers"],
    ["dream", "p.onnx", "--eeg", "e.npy", "--compare-samplers", "--sheet", "s.png", "--out", "p.png"],
    ["dream", "p.onnx", "--eeg", "e.npy", "--compare-samplers", "--sheet", "s.png", "--eta", "1"],
  ]) func wrongUseEndsWithStatus2AndAHint(arguments: [String]) throws {
    let result = try Program.run(arguments)
    #expect(!result.crashed && result.status == 2)
    #expect(result.output.isEmpty)
    #expect(result.errors.contains("Error: ") && result.errors.contains("--help"), "\(result.errors)")
  }

  @Test(arguments: ["run", "dump", "bench", "conformance", "kernels", "ops", "selftest"]) func everyVerbHasHelp(
    verb: String
  ) throws {
    let result = try Program.run([verb, "--help"])
    #expect(result.status == 0 && result.errors.isEmpty)
    #expect(result.output.contains("USAGE: oneiro \(verb)"))
  }

  @Test("What could not be printed is a failure", arguments: [["ops"], ["kernels", "--json"]])
  func fullDisk(arguments: [String]) throws {
    let line = "exec \"$0\" \"$@\" > /dev/full"
    let result = try Program.run("/bin/sh", ["-c", line, Program.path] + arguments)
    #expect(result.status == 1)
    #expect(result.errors.contains("standard output: No space left on device"), "\(result.errors)")
  }

  @Test func opsListsWhatFits() throws {
    let all = try Program.run(["ops"])
    #expect(all.status == 0 && all.errors.isEmpty)
    #expect(all.output.split(separator: "\n").allSatisfy { $0.count <= 100 })
    let text = try Program.run(["ops", "LOGSOFTMAX", "--backend", "reference"]).output
    #expect(text.contains("LogSoftmax  (1 11) 13  floats"), "\(text)")
    let json = try Program.run(["ops", "LogSoftmax", "--domain", "ai.onnx", "--json"]).output
    let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
    let operators = try #require(object?["operators"] as? [[String: Any]])
    #expect(operators.map { $0["name"] as? String } == ["LogSoftmax"])
    #expect(operators[0]["types"] as? [String: [String]] == ["T": ["float", "float16", "double", "bfloat16"]])
    try expectFailure(["ops", "levitate"], "levitate", "none")
  }

  @Test func runWritesWhatTheModelComputes() throws {
    let input = try files.array(Tensor([10, 20] as [Float], dims: [1, 2]))
    let result = try Program.run(
      [
        "run", try files.sumModel(), "--backend", "reference", "--input", "x=\(input)", "--output-dir",
        files.path("out"),
      ])
    #expect(result.status == 0, "\(result.errors)")
    let output = try #require(try ArrayFile.read(files.path("out/y.npy")).tensor)
    #expect(output.dims == [1, 2] && output.elements(of: Float.self) == [11, 22])
  }

  @Test(
    "A list of kernels for something that no model has is refused, with what is near it",
    arguments: [
      ("onednn,Conv2=vector", "Conv2", "near it: Conv\n"), ("unett=vector", "unett", "near it: unet\n"),
      ("vae=vector", "vae", "near it: vae_decoder, vae_encoder\n"),
      ("matmul=vector", "matmul", "near it: MatMul, "),
      ("levitation_of_cats=vector", "levitation_of_cats", "parts are eeg_encoder, "),
    ]) func strangersInBackends(list: String, key: String, hint: String) throws
  {
    let model = try files.sumModel(), input = try files.array(Tensor([10, 20] as [Float], dims: [1, 2]))
    for arguments in [
      ["run", model, "--input", "x=\(input)", "--backend", list], ["compare", model, "--reference", list],
    ] {
      let result = try Program.run(arguments)
      #expect(!result.crashed && result.status == 2, "status \(result.status): \(result.errors)")
      let message =
        "\(arguments[arguments.count - 2]) \(list): expected an operator or a part of a pipeline, found \"\(key)\""
      #expect(result.errors.contains(message) && result.errors.contains(hint), "\(result.errors)")
    }
    let known = try Program.run([
      "run", model, "--input", "x=\(input)", "--backend", "reference,Add=vector,unet=vector",
    ])
    #expect(known.status == 0, "\(known.errors)")
  }

  @Test func dumpPrintsTextThatCanBeRead() throws {
    let result = try Program.run(["dump", try files.sumModel()])
    let model = try GraphText.parse(result.output)
    #expect(model.graph.nodes.map(\.opType) == ["Add"])
    let bound = try Program.run(["dump", try files.sumModel(), "--input", "x=7x2", "--format", "json"])
    #expect(bound.output.contains("float[7,2]"))
    _ = try JSONSerialization.jsonObject(with: Data(bound.output.utf8))
  }

  @Test func depthCutsBodies() throws {
    let path = try files.model(
      """
      choose (bool c, float[2] x) => (float[2] y) {
        y = If <then_branch: graph = up () => (float[2] a) { a = Relu (x) }, else_branch: graph = down () => (float[2] b) { b = Neg (x) }> (c)
      }
      """)
    let cut = try Program.run(["dump", path, "--depth", "0"])
    #expect(cut.status == 0, "\(cut.errors)")
    #expect(cut.output.contains("up () => (float[2] a) {...}") && !cut.output.contains("Relu"))
    let whole = try Program.run(["dump", path])
    #expect(whole.output.contains("Relu") && whole.output.contains("Neg"))
  }

  @Test func aPlanSaysWhatItTookForGranted() throws {
    let path = try files.sumModel()
    let text = try Program.run(["dump", path, "--stage", "planned", "--backend", "reference", "--threads", "1"]).output
    #expect(
      text == """
        dimensions taken as 1 (see --input): N
        backend: reference
        plan of "sum": 1 step on 1 thread, 0 nodes folded, 0 views
        arena 128 bytes (128 bytes), 1 constant of 8 bytes (8 bytes)
        1 step on reference

        input   x  float[1,2]  arena 0
        output  y  float[1,2]  arena 64

        step 0: Add "plus" on reference
          in   x  float[1,2]  arena 0
          in   W  float[2]    constant 0
          out  y  float[1,2]  arena 64

        """)
    let json = try Program.run(["dump", path, "--stage", "planned", "--backend", "reference", "--format", "json"])
      .output
    let object = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    #expect((object["plan"] as? [String: Any])?["arena_bytes"] as? Int == 128)
    #expect(object["assumed_dimensions"] as? [String] == ["N"])
    let step = try #require(((object["plan"] as? [String: Any])?["steps"] as? [[String: Any]])?.first)
    #expect(step["live_bytes"] as? Int == 16 && step["over"] is NSNull)
  }

  @Test func benchReportsTheAgreedKeys() throws {
    let trace = files.path("trace.json")
    let result = try Program.run(
      [
        "bench", try files.sumModel(), "--backend", "reference", "--runs", "3", "--warmup", "0", "--json", "--profile",
        trace,
      ])
    let object = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    #expect(
      object.keys.sorted() == [
        "arena_bytes", "backend", "constant_bytes", "forecast_bytes", "load_ms", "machine", "machine_unmeasured",
        "median_ms", "model", "nodes", "operators", "p90_ms", "peak_bytes", "runs_ms", "threads", "warmup",
      ])
    #expect((object["runs_ms"] as? [Double])?.count == 3)
    let node = try #require((object["nodes"] as? [[String: Any]])?.first)
    #expect(
      node.keys.sorted() == [
        "bytes", "calls", "flop", "gb_per_s", "gflop_per_s", "kernel", "memory_bytes", "ms", "name", "op", "peak_share",
        "step",
      ])
    // x and y of one row, and W, of 8 bytes each.
    #expect(node["name"] as? String == "plus" && node["bytes"] as? Double == 24 && node["memory_bytes"] as? Int == 16)
    #expect(((object["operators"] as? [[String: Any]])?.first)?["op"] as? String == "Add")
    let events = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: trace))) as? [String: Any]
    let phases = (events?["traceEvents"] as? [[String: Any]])?.map { $0["ph"] as? String }
    #expect(phases == ["X", "C", "C"])
  }

  @Test("Where there is no room to measure the machine, bench says so") func benchInLittleMemory() throws {
    let arguments = ["bench", try files.sumModel(), "--backend", "vector", "--runs", "1", "--max-memory"]
    let held = try Program.run(arguments + ["120M"])
    #expect(held.status == 0, "\(held.errors)")
    let reason = "not measured: that takes 160.0 MiB beside the program"
    #expect(held.output.contains("machine     \(reason)"), "\(held.output)")
    let json = try Program.run(arguments + ["120M", "--json"])
    let object = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
    #expect(object["machine"] is NSNull)
    #expect((object["machine_unmeasured"] as? String)?.hasPrefix(reason) == true, "\(json.output)")
    let roomy = try Program.run(arguments + ["1G"])
    #expect(roomy.output.contains(/machine +[0-9.]+ GFLOP\/s/), "\(roomy.output)")
  }

  @Test("A level that ONEIRO_ISA cannot give is told by whatever loads Vector", arguments: ["run", "bench", "compare"])
  func instructionSets(verb: String) throws {
    let model = try files.sumModel(), input = try files.array(Tensor([10, 20] as [Float], dims: [1, 2]))
    let arguments = [verb, model, "--backend", "vector"] + (verb == "run" ? ["--input", "x=\(input)"] : [])
    func run(_ level: String) throws -> Program.Result {
      try Program.run("/usr/bin/env", ["ONEIRO_ISA=\(level)", Program.path] + arguments)
    }
    let unknown = try run("x86-64-v9")
    #expect(unknown.status == 0)
    #expect(unknown.errors.contains("ONEIRO_ISA: expected one of base, x86-64-v3, "), "\(unknown.errors)")
    #expect(unknown.errors.contains("found \"x86-64-v9\"; near it: x86-64-v3, "), "\(unknown.errors)")
    #expect(unknown.errors.split(separator: "\n").count == 1, "\(unknown.errors)")
    #expect(try run("base").errors.isEmpty)
  }

  @Test func selftestTellsALevelThatIsNotThere() throws {
    // The setting holds for one level, which takes seconds.
    let result = try Program.run(
      "/usr/bin/env", ["ONEIRO_ISA=x86_64_v3", Program.path, "selftest", "--backend", "vector"])
    #expect(
      result.status == 0 && result.errors.contains("found \"x86_64_v3\"; near it: x86-64-v3, "), "\(result.errors)")
  }

  @Test("Where the sampler takes more steps than were asked for, dream says why") func moreSteps() throws {
    let models = Program.repository.appendingPathComponent("Models").path
    let arguments = [
      "dream", "\(models)/dreamdiffusion-tiny.onnx", "--eeg", "\(models)/parts/eeg_samples.safetensors:0", "--out",
      files.path("p.png"), "--backend", "vector", "--sampler",
    ]
    let seven = try Program.run(arguments + ["ddim", "--steps", "7"])
    let remark = "8 steps instead of 7: ddim takes one for each 142 of the schedule's 1000, which 7 does not divide\n"
    #expect(seven.output.contains(remark), "\(seven.output)\(seven.errors)")
    let picture = try Data(contentsOf: URL(fileURLWithPath: files.path("p.png")))
    for text in ["steps\u{0}7", "steps_taken\u{0}8"] { #expect(picture.range(of: Data(text.utf8)) != nil, "\(text)") }
    #expect(try !Program.run(arguments + ["euler", "--steps", "7"]).output.contains("instead of"))
    let json = try Program.run(arguments + ["plms", "--steps", "7", "--json"])
    let object = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
    #expect(object["steps"] as? Int == 7 && object["steps_taken"] as? Int == 8)
  }

  /// x and y, of one row and so 8 bytes each, in blocks of 64; W is the same.
  @Test func memoryIsSaidAheadOnRequest() throws {
    let model = try files.sumModel()
    let input = try files.array(Tensor([10, 20] as [Float], dims: [1, 2]))
    let need = "memory  weights 8 bytes, arena 128 bytes (values 16 bytes, workspace 0 bytes)\n"
    for arguments in [["run", model, "--input", "x=\(input)"], ["bench", model, "--runs", "1"]] {
      let quiet = try Program.run(arguments + ["--backend", "reference"])
      #expect(quiet.status == 0 && quiet.errors.isEmpty)
      let result = try Program.run(arguments + ["--backend", "reference", "--verbose"])
      #expect(result.status == 0 && result.errors.hasPrefix(need + "memory  peak "), "\(result.errors)")
      #expect(result.errors.hasSuffix(", as taken\n"), "\(result.errors)")
    }
  }

  @Test(arguments: ["unet", "vae_decoder", "eeg_encoder"], ["onednn", "vector", "openblas"])
  func peakMemoryIsForecastWithin5Percent(part: String, backend: String) throws {
    let model = Program.repository.appendingPathComponent("Models/parts/\(part).onnx").path
    // Once with kernels timed against each other, and then with what that has found, when nothing has run before.
    for _ in 0..<2 {
      let result = try Program.run(
        ["bench", model, "--backend", backend, "--runs", "1", "--json"], cache: files.path("cache"))
      let object = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
      func bytes(_ key: String) throws -> Double { try #require(object[key] as? Double) }
      let peak = try bytes("peak_bytes"), beyondWeights = try peak - bytes("constant_bytes")
      #expect(beyondWeights > 0)
      #expect(try abs(bytes("forecast_bytes") - peak) <= 0.05 * beyondWeights, "\(object["forecast_bytes"]!) \(peak)")
    }
  }

  @Test func aPipelineSaysWhatMemoryItNeeds() throws {
    let models = Program.repository.appendingPathComponent("Models").path
    let pipeline = "\(models)/dreamdiffusion-tiny.onnx", trial = "\(models)/parts/eeg_samples.safetensors:0"
    let result = try Program.run([
      "dream", pipeline, "--eeg", trial, "--out", files.path("p.png"), "--steps", "2", "--backend", "vector",
      "--verbose",
      "--json",
    ])
    #expect(result.status == 0)
    #expect(result.errors.contains("memory  weights ") && result.errors.contains(", arena "), "\(result.errors)")
  }

  @Test func aPictureInLittleMemoryIsThePicture() throws {
    let models = Program.repository.appendingPathComponent("Models").path,
      pipeline = "\(models)/dreamdiffusion-tiny.onnx"
    func dream(_ name: String, _ more: String...) throws -> Program.Result {
      let trial = "\(models)/parts/eeg_samples.safetensors:0"
      return try Program.run(
        [
          "dream", pipeline, "--eeg", trial, "--out", files.path(name), "--steps", "2", "--backend", "vector",
          // Which kernels are timed, of which libraries keep something, hangs on what there is room for.
          "--tuning", "off",
        ] + more)
    }
    #expect(try dream("whole.png").status == 0)
    // One refusal before anything is said or made, with what is needed at least, however far that is away.
    let needs = try ["1M", "16M", "40M"].map { limit in
      let refused = try dream("none/", "--max-memory", limit, "--verbose")
      #expect(refused.status == 1 && refused.errors.hasPrefix("error: \(pipeline): "), "\(refused.errors)")
      #expect(!FileManager.default.fileExists(atPath: files.path("none")))
      return try #require(refused.errors.firstMatch(of: /found ([0-9.]+) MiB/).flatMap { Double($0.1) })
    }
    #expect(try #require(needs.max()) - #require(needs.min()) <= 1, "\(needs)")
    let limit = needs[2]
    let held = try dream("held.png", "--max-memory", "\(limit)M", "--verbose")
    #expect(held.status == 0, "\(held.errors)")
    // It is said what it takes, and takes no more than that, but for what the reserve is for.
    let forecast = try #require(
      held.errors.firstMatch(of: /peak ([0-9.]+) MiB of [0-9.]+ MiB: .*, as forecast/).flatMap { Double($0.1) })
    let taken = try #require(
      held.errors.firstMatch(of: /peak ([0-9.]+) MiB, as taken/).flatMap { Double($0.1) })
    #expect(forecast < limit && taken <= limit && abs(taken - forecast) <= 3, "\(held.errors)")
    // Trials come from their file, one after the other, and go again.
    let many = try Program.run([
      "dream", pipeline, "--eeg", "\(models)/parts/eeg_samples.safetensors:all", "--out", files.path("many.png"),
      "--steps", "2", "--backend", "vector", "--tuning", "off", "--max-memory", "\(limit)M", "--verbose",
    ])
    let most = try #require(many.errors.firstMatch(of: /peak ([0-9.]+) MiB, as taken/).flatMap { Double($0.1) })
    #expect(many.status == 0 && most <= limit, "\(many.errors)")
    let pixels = try ["whole.png", "held.png"].map { try PNG.read(files.path($0)).pixels }
    #expect(pixels[0].count == 64 * 64 * 3 && zip(pixels[0], pixels[1]).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
  }

  @Test("A trial of zeros is drawn with a warning that names it") func zeros() throws {
    let models = Program.repository.appendingPathComponent("Models").path, size = 128 * 512
    let trials = Tensor((0..<3 * size).map { $0 / size == 1 ? 0 : Float($0 % 31) - 15 }, dims: [3, 128, 512])
    let file = try files.array(trials, name: "trials.npy")
    func errors(_ trials: String) throws -> String {
      let result = try Program.run([
        "dream", "\(models)/dreamdiffusion-tiny.onnx", "--eeg", "\(file):\(trials)", "--out", files.path("p.png"),
        "--steps", "2", "--backend", "vector",
      ])
      #expect(result.status == 0, "\(result.errors)")
      return result.errors
    }
    let warning = "warning: \(file): trial 1 is zeros alone, so there is no EEG to draw from"
    #expect(try errors("0-2").split(separator: "\n").contains { $0 == warning }, "one plain line")
    #expect(try !errors("0,2").contains("warning"))
  }

  @Test("Numbers of 64 bits are rounded for an input of 32, with a word; what does not fit is refused")
  func doubles() throws {
    let model = try files.sumModel(), input = try files.array(Tensor([10, 0.1] as [Double], dims: [1, 2]))
    let arguments = ["run", model, "--backend", "reference", "--output-dir", files.path("out"), "--input"]
    let result = try Program.run(arguments + ["x=\(input)"])
    #expect(result.status == 0 && result.errors.contains("\(input): double is rounded to float"), "\(result.errors)")
    let output = try #require(try ArrayFile.read(files.path("out/y.npy")).tensor)
    #expect(output.elements(of: Float.self) == [11, Float(0.1) + 2])
    let large = try files.array(Tensor([10, 1e300] as [Double], dims: [1, 2]), name: "large.npy")
    try expectFailure(arguments + ["x=\(large)"], large, "element 1", "a number that float holds", "found 1e+300")
    let exact = try files.model("g (double[1,2] x) => (double[1,2] y) { y = Neg (x) }", name: "double.onnx")
    let same = try Program.run(["run", exact, "--backend", "reference", "--input", "x=\(input)"])
    #expect(same.status == 0 && same.errors.isEmpty, "\(same.errors)")
  }

  @Test("What is no name of a file is told as such") func noFile() throws {
    try expectFailure(
      ["run", try files.sumModel(), "--input", "x=2x2"], "2x2: kind of file: expected one of .npy, ",
      "found a name without an ending\n")
  }

  @Test("More patches than there are is told", arguments: ["run", "bench", "compare", "planned", "optimized"])
  func stopAfter(verb: String) throws {
    let model = try files.model(
      "g (float[64] x) => (float[64] y) { s = Sigmoid (x) \n y = Mul (x, s) }", name: "silu.onnx")
    let input = try files.array(Tensor([Float](repeating: 1, count: 64), dims: [64]))
    let arguments =
      verb.hasSuffix("ed")
      ? ["dump", model, "--stage", verb]
      : [verb, model, "--input", "x=\(input)"] + (verb == "bench" ? ["--runs", "1"] : [])
    let beyond = try Program.run(arguments + ["--stop-after", "99999"])
    #expect(beyond.status == 0, "\(beyond.errors)")
    #expect(beyond.errors.contains("--stop-after 99999 left nothing out: 1 patch applied in all"), "\(beyond.errors)")
    #expect(try Program.run(arguments + ["--stop-after", "1"]).errors.isEmpty)
  }

  @Test func samplersAreComparedOnOneSheet() throws {
    let models = Program.repository.appendingPathComponent("Models").path
    let sheet = files.path("sheet.png")
    let compare = [
      "dream", "\(models)/dreamdiffusion-tiny.onnx", "--compare-samplers", "--sampler", "euler_ancestral,unipc",
      "--steps", "2,4", "--sheet", sheet, "--json", "--backend", "vector",
    ]
    let trial = ["--eeg", "\(models)/parts/eeg_samples.safetensors:0"]
    let result = try Program.run(compare + trial + ["--reference-steps", "5"])
    let object = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    let runs = try #require(object["runs"] as? [[String: Any]])
    #expect(runs.map { $0["sampler"] as? String } == ["euler_ancestral", "euler_ancestral", "unipc", "unipc"])
    #expect(runs.map { $0["steps"] as? Int } == [2, 4, 2, 4])
    #expect((object["reference"] as? [String: Any])?["steps"] as? Int == 5)
    #expect(runs.map { $0["steps_taken"] as? Int } == [2, 4, 2, 4])
    #expect(FileManager.default.fileExists(atPath: sheet))

    // Where a sampler takes more steps than it was set to, those are shown.
    let more = try Program.run(
      [
        "dream", "\(models)/dreamdiffusion-tiny.onnx", "--compare-samplers", "--sampler", "plms,euler", "--steps", "7",
        "--reference-steps", "5", "--sheet", sheet, "--backend", "vector",
      ] + trial)
    #expect(
      more.output.contains(#/\nplms +8 /#) && more.output.contains(#/\neuler +7 /#), "\(more.output)\(more.errors)")
    #expect(more.output.contains("8 steps instead of 7: plms takes one for each 142"), "\(more.output)")

    try expectFailure(compare + trial + ["--reference-steps", "3"], "plms with 3 steps", "steps: expected 2 or 4")
    try expectFailure(
      compare + ["--eeg", "\(models)/parts/eeg_samples.safetensors:0-1"], "--compare-samplers", "one trial", "found 2")
    try expectFailure(compare + trial + ["--guidance", "2"], "guidance", "no unconditional context", "found 2.0")
  }
}
