import Foundation
import Testing

@Suite("A wrong value ends with status 2, what is wrong with it, and the usage of its command") struct WrongValueTests {
  private static let dream = ["dream", "p.onnx", "--eeg", "e.npy", "--out", "p.png"]
  private static let quantize = ["quantize", "m.onnx", "q.onnx", "--scheme", "w8"]

  private func expect(_ arguments: [String], _ message: String, usage: String? = nil) throws {
    let result = try Program.run(arguments)
    #expect(!result.crashed && result.status == 2 && result.output.isEmpty, "status \(result.status)")
    #expect(result.errors.contains(message), "\(arguments): \(result.errors)")
    let name = usage ?? arguments[0]
    #expect(result.errors.contains("Usage: oneiro \(name) "), "\(result.errors)")
    #expect(result.errors.contains("See 'oneiro \(name) --help' for more information."), "\(result.errors)")
  }

  @Test(
    "Negative numbers are values",
    arguments: [
      (["dump", "m.onnx", "--depth", "-5"], "--depth: expected 0 or more, found -5"),
      (dream + ["--steps", "-1"], "--steps: expected 1 or more, found -1"),
      (dream + ["--eta", "-.5"], "--eta: expected 0 ... 1, found -0.5"),
      (dream + ["--onset", "1,-2"], "--onset: expected 0 or more, found -2.0"),
      (dream + ["--onset", "-1,2"], "--onset: expected 0 or more, found -1.0"),
      (dream + ["--seed", "-3"], "The value '-3' is invalid for '--seed <n>'"),
      (dream + ["--json", "-3"], "The option '--json' does not take any value, but '-3' was specified."),
    ]) func negative(arguments: [String], message: String) throws
  {
    try expect(arguments, message)
  }

  @Test("Behind two dashes, and where no option is, a number is what it was") func noOption() throws {
    #expect(try Program.run(["dump", "-5"]).status == 2)
    let file = try Program.run(["run", "--verbose", "--", "-5"])
    #expect(file.status == 1 && file.errors.contains("-5: cannot be opened"), "\(file.errors)")
  }

  @Test(
    "Kernels that there are not, with what is near them",
    arguments: [
      (["run", "m.onnx", "--backend", "vectr"], "--backend vectr: expected", "found \"vectr\"; near it: vector\n"),
      (
        ["bench", "m.onnx", "--backend", "Conv=vektor"], "--backend Conv=vektor", "found \"vektor\"; near it: vector\n"
      ),
      (["compare", "m.onnx", "--reference", "referenz"], "--reference referenz", "near it: reference\n"),
      (["ops", "--backend", "vectr"], "--backend vectr", "near it: vector\n"),
      (["ops", "--backend", "vector,onednn"], "--backend: expected one name", "found \"vector,onednn\"\n"),
      (["ops", "--backend", "Conv=vector"], "--backend: expected one name", "found \"Conv=vector\"\n"),
      (["selftest", "--backend", "example,vectr"], "--backend vectr", "near it: vector\n"),
      (["selftest", "--backend", "reference"], "expected a kernel plugin or a path to a .so", "found \"reference\""),
      (["kernels", "vectr"], "vectr: expected a kernel plugin", "near it: vector\n"),
      (["run", "m.onnx", "--backend", "abacus"], "found \"abacus\"; there are ", "vector, reference, in /"),
      (["run", "m.onnx", "--backend", "vector,"], "--backend: expected NAME or a list such as", "found \"vector,\"\n"),
    ]) func kernels(arguments: [String], message: String, hint: String) throws
  {
    try expect(arguments, message)
    try expect(arguments, hint)
  }

  @Test(
    "Bytes, with the units that there are",
    arguments: [
      (dream, "50X", "expected a number of bytes above 0, or of K, M, G or T"),
      (dream, "50", "--max-memory: expected 1M or more, in bytes or with K, M, G or T behind the number"),
      (dream, "-5M", "expected a number of bytes above 0, or of K, M, G or T"),
      (quantize, "much", "expected a number of bytes above 0, or of K, M, G or T"),
    ]) func bytes(arguments: [String], amount: String, message: String) throws
  {
    try expect(arguments + ["--max-memory", amount], message)
  }

  @Test(
    "What a goal is made the best of goes with that goal", arguments: [[], ["--scheme", "auto", "--max-time", "5"]])
  func preference(goal: [String]) throws {
    let start =
      goal.isEmpty ? Self.quantize : ["quantize", "m.onnx", "q.onnx", "--calibration-input", "x=x.npy"] + goal
    try expect(start + ["--prefer", "size"], "--prefer goes with --scheme auto and --min-snr")
  }

  @Test(
    "Names of parts, endings of files, numbers out of range",
    arguments: [
      (dream + ["--with", "unt=u.onnx"], "--with unt=u.onnx: expected one of the roles eeg_encoder, "),
      (dream + ["--with", "unt=u.onnx"], "found \"unt\"; near it: unet\n"),
      (dream + ["--with", "=u.onnx"], "--with: expected ROLE=FILE, found \"=u.onnx\""),
      (
        ["evaluate", "p.onnx", "--eeg", "e.npy", "--with", "lpip=l.onnx"], "lpips, fid, found \"lpip\"; near it: lpips"
      ),
      (["evaluate", "p.onnx", "--eeg", "e.npy", "--report", "x.txt"], "--report: expected a name that ends in .html"),
      (["quantize", "m.onnx", "q.onnx", "--recipe", "r.json", "--keep", "a"], "--keep does not go with --recipe"),
      (
        ["quantize", "m.onnx", "q.onnx", "--recipe", "r.json", "--method", "mse"],
        "--method does not go with --recipe"
      ),
      (quantize + ["--equalize"], "--equalize goes with --scheme w8a8, w8a8-dynamic or auto"),
      (quantize + ["--method", "minmax"], "--method goes with --scheme w8a8 or auto, or with --equalize"),
      (quantize + ["--calibration-calls", "8"], "--calibration-calls goes with --calibration"),
      (quantize + ["--report", "x.txt"], "--report: expected a name that ends in .json or .html, found \"x.txt\""),
      (["dream", "p.onnx", "--eeg", "e.npy", "--out", "p.jpg"], "--out: expected a name that ends in .png"),
      (dream + ["--steps", "0"], "--steps: expected 1 or more, found 0"),
      (["evaluate", "p.onnx", "--eeg", "e.npy", "--steps", "0"], "--steps: expected 1 or more, found 0"),
      (dream + ["--sampler", "ddim", "--eta", "2"], "--eta: expected 0 ... 1, found 2.0"),
      (quantize + ["--calibration-input", "x="], "--calibration-input: expected NAME=FILE, found \"x=\""),
    ]) func names(arguments: [String], message: String) throws
  {
    try expect(arguments, message)
  }

  @Test(
    "Options of passes where no pass is looked at",
    arguments: [["--skip", "all"], ["--stop-after", "3"], ["--verbose"]])
  func dumpedWithoutPasses(options: [String]) throws {
    try expect(["dump", "m.onnx"] + options, "\(options[0]) goes with --stage optimized or --stage planned")
    #expect(try Program.run(["dump", "m.onnx", "--stage", "optimized"] + options).status == 1)
  }

  @Test(
    "Commands that there are not, also behind help, with what is near them",
    arguments: [
      (["dreem"], "found \"dreem\"; near it: dream\n", "oneiro"),
      (["help", "frob"], "found \"frob\"; there are dream, evaluate, ", "oneiro"),
      (["eeg", "plt"], "found \"plt\"; near it: plot\n", "oneiro eeg"),
      (["help", "eeg", "plt"], "found \"plt\"; near it: plot\n", "oneiro eeg"),
    ]) func commands(arguments: [String], hint: String, name: String) throws
  {
    let result = try Program.run(arguments)
    #expect(!result.crashed && result.status == 2 && result.output.isEmpty, "status \(result.status)")
    #expect(result.errors.contains("Error: expected a command, \(hint)"), "\(result.errors)")
    #expect(result.errors.contains("See '\(name) --help'") && !result.errors.contains("worker"), "\(result.errors)")
  }

  @Test func commandsBelowCommands() throws {
    try expect(
      ["eeg", "synth", "--out", "a.bdf", "--trials", "0"], "--trials: expected 1 to 100000, found 0", usage: "eeg synth"
    )
    try expect(
      ["eeg", "synth", "--out", "a.bdf", "--electrodes", "Fz,Cz,fz"],
      "--electrodes: expected each name once, found \"fz\" twice", usage: "eeg synth")
    try expect(
      ["eeg", "plot", "a.bdf", "--out", "a.txt"], "--out: expected a name that ends in .png", usage: "eeg plot")
  }

  /// What only the run of a command finds out.
  @Test func trialsBehindTheColon() throws {
    let models = Program.repository.appendingPathComponent("Models").path
    let pipeline = "\(models)/dreamdiffusion-tiny.onnx", trials = "\(models)/parts/eeg_samples.safetensors"
    for (argument, found) in [
      ("\(trials):", "nothing"), ("\(trials):x", "\"x\""), ("none.bdf:", "nothing"), ("\(trials):3-1", "\"3-1\""),
    ] {
      let message = "\"\(argument)\": expected trials such as 3, 0-7,12 or all after the colon, found \(found)\n"
      try expect(["dream", pipeline, "--eeg", argument, "--sheet", "s.png"], "--eeg \(message)")
      try expect(
        ["quantize", pipeline, "q.onnx", "--scheme", "w8a8", "--calibration", argument], "--calibration \(message)")
    }
  }

  @Test("A number that the pipeline forbids is told with its file") func pipelineLimits() throws {
    let models = Program.repository.appendingPathComponent("Models").path
    let pipeline = "\(models)/dreamdiffusion-tiny.onnx"
    try expectFailure(
      [
        "dream", pipeline, "--eeg", "\(models)/parts/eeg_samples.safetensors:0", "--sheet", "s.png", "--steps", "2000",
      ], "\(pipeline): node \"unet\"", "steps: expected 1 ... 1000, found 2000")
    // A role that there is, but not in this pipeline: one sentence, and the file is not looked at.
    try expectFailure(
      [
        "dream", pipeline, "--eeg", "\(models)/parts/eeg_samples.safetensors:0", "--sheet", "s.png", "--with",
        "text_encoder=none.onnx",
      ], "error: \(pipeline): role: expected one of eeg_encoder, ", "found \"text_encoder\"")
  }
}
