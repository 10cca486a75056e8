import Foundation
import OneiroGraph
import OneiroModel
import Testing

@Suite("Bad input ends with status 1 and one error that says where and why") struct BadInputTests {
  let files: Fixtures
  init() throws { files = try Fixtures() }

  // MARK: - Model files

  @Test(arguments: ["run", "dump", "bench"]) func aMissingModel(verb: String) throws {
    try expectFailure([verb, files.path("none.onnx")], "none.onnx", "No such file")
  }

  @Test func missingFoldersAndPlugins() throws {
    try expectFailure(["conformance", files.path("none")], "none", "No such file")
    try expectFailure(["kernels", files.path("none.so")], "none.so", "cannot be loaded")
  }

  @Test(arguments: ["run", "dump", "bench"]) func aTruncatedModel(verb: String) throws {
    let whole = try Data(contentsOf: URL(fileURLWithPath: files.sumModel()))
    let path = try files.write(Array(whole.dropLast(whole.count / 2)), to: "half.onnx")
    let count = whole.count - whole.count / 2
    try expectFailure(
      [verb, path], "half.onnx", "\(count) bytes that end in the middle of ModelProto.graph", "cut off")
  }

  @Test(arguments: ["run", "dump", "bench"]) func noProtobuf(verb: String) throws {
    try expectFailure([verb, try files.write(Array("This is a letter.\n".utf8), to: "letter.onnx")], "letter.onnx")
    try expectFailure([verb, try files.write([], to: "empty.onnx")], "empty.onnx")
    try expectFailure([verb, files.folder], files.folder, "found a folder")
  }

  @Test func anUnknownOperator() throws {
    let path = try files.model("g (float[2] x) => (float[2] y) { [odd] y = Levitate (x) }")
    try expectFailure(["run", path], path, "\"odd\"", "unknown operator Levitate")
  }

  @Test func anUnknownOpset() throws {
    let path = try files.model(Fixtures.sum, opset: 99)
    try expectFailure(["dump", path], path, "opset 99", "expected", "28", "found 99")
  }

  @Test(arguments: ["run", "dump"]) func shapesThatDoNotFit(verb: String) throws {
    let path = try files.model("g (float[2,3] a, float[4,5] b) => (float[2,5] y) { [product] y = MatMul (a, b) }")
    try expectFailure([verb, path], path, "\"product\"", "3", "4")
  }

  @Test(arguments: ["run", "dump"]) func typesThatDoNotFit(verb: String) throws {
    let path = try files.model("g (float[2] a, int64[2] b) => (float[2] y) { [plus] y = Add (a, b) }")
    try expectFailure([verb, path], path, "\"plus\"", "expected", "float", "found", "int64")
  }

  @Test(arguments: ["run", "dump", "bench"]) func aCyclicGraph(verb: String) throws {
    let path = try files.model(
      "g (float[2] x) => (float[2] y) { [first] a = Add (x, y) \n [second] y = Relu (a) }")
    try expectFailure([verb, path], path, "a graph without cycles", "\"first\"", "\"second\"")
  }

  @Test(arguments: ["run", "bench"]) func tooLittleMemory(verb: String) throws {
    let path = try files.model("g (float[64] x) => (float[64] y) { [wave] y = Sin (x) }")
    let input = try files.array(Tensor([Float](repeating: 1, count: 64), dims: [64]))
    let arguments = verb == "run" ? ["--input", "x=\(input)"] : []
    try expectFailure(
      [verb, path, "--max-memory", "1M"] + arguments, path, "memory", "expected at most 1.0 MiB", "found",
      "the program alone (")
  }

  // MARK: - External data

  @Test func externalDataThatIsAbsent() throws {
    let path = try files.sumModelWithExternalData()
    try FileManager.default.removeItem(atPath: files.path("weights.bin"))
    try expectFailure(["dump", path], path, "\"W\"", "weights.bin", "cannot be found")
  }

  @Test func externalDataThatIsTooShort() throws {
    let path = try files.sumModelWithExternalData()
    _ = try files.write([0, 0, 0], to: "weights.bin")
    try expectFailure(["dump", path], path, "\"W\"", "weights.bin", "expected 8 bytes", "found a file of 3 bytes")
  }

  @Test(arguments: ["/eights.bin", "../ghts.bin"]) func externalDataThatLiesElsewhere(location: String) throws {
    let path = try files.sumModelWithExternalData()
    // A name of the same length, so that the rest of the file stays as it is.
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    let range = try #require(bytes.range(of: Data("weights.bin".utf8)))
    bytes.replaceSubrange(range, with: Data(location.utf8))
    try bytes.write(to: URL(fileURLWithPath: path))
    try expectFailure(["dump", path], path, "\"W\"", "expected a path relative to the model's folder", location)
  }

  @Test func externalDataBehindALinkThatLeadsOutside() throws {
    let elsewhere = try Fixtures()
    let path = try files.sumModelWithExternalData()
    let outside = try elsewhere.write([UInt8](repeating: 0, count: 64), to: "secret.bin")
    try FileManager.default.removeItem(atPath: files.path("weights.bin"))
    try FileManager.default.createSymbolicLink(atPath: files.path("weights.bin"), withDestinationPath: outside)
    try expectFailure(["dump", path], path, "\"W\"", "expected a file in the model's folder", "secret.bin")
  }

  // MARK: - What is fed in and comes out

  @Test func arraysThatDoNotFit() throws {
    let model = try files.sumModel()
    let wide = try files.array(Tensor([1, 2, 3] as [Float], dims: [1, 3]), name: "wide.npy")
    try expectFailure(
      ["run", model, "--backend", "reference", "--input", "x=\(wide)"], "\"x\"", "float[N,2]", "float[1,3]")
    let integers = try files.array(Tensor([1, 2] as [Int64], dims: [1, 2]), name: "integers.npy")
    try expectFailure(
      ["run", model, "--backend", "reference", "--input", "x=\(integers)"], "\"x\"", "float", "int64[1,2]")
    try expectFailure(["run", model, "--backend", "reference"], "\"x\"", "is missing")
    try expectFailure(["run", model, "--backend", "reference", "--input", "x=\(files.path("none.npy"))"], "none.npy")
    try expectFailure(["run", model, "--backend", "reference", "--input", "z=\(wide)"], "\"z\"", "expected one of x")
    try expectFailure(["run", model, "--output", "z=\(files.path("z.npy"))"], "\"z\"", "expected one of y")
  }

  @Test(arguments: ["dump", "bench"]) func shapesThatDoNotFitTheInputs(verb: String) throws {
    let stage = verb == "dump" ? ["--stage", "planned"] : []
    let model = try files.sumModel()
    try expectFailure([verb, model, "--input", "x=1x3"] + stage, model, "\"x\"", "expected float[N,2]", "[1, 3]")
    try expectFailure([verb, model, "--input", "z=1x2"] + stage, model, "\"z\"", "expected one of x")
    try expectFailure([verb, model, "--input", "x=9223372036854775807x2"] + stage, model, "\"x\"", "bytes at most")
    let open = try files.model("g (float[?] x) => (float[?] y) { y = Relu (x) }", name: "open.onnx")
    try expectFailure([verb, open] + stage, open, "\"x\"", "unknown dimensions", "--input")
  }

  @Test func anUnwritableOutput() throws {
    let model = try files.sumModel()
    let input = try files.array(Tensor([1, 2] as [Float], dims: [1, 2]))
    let run = ["run", model, "--backend", "reference", "--input", "x=\(input)"]
    try expectFailure(run + ["--output", "y=\(input)"], "not also an input")
    let bench = ["bench", model, "--runs", "1", "--backend", "reference", "--input", "x=\(input)"]
    for taken in [model, input] { try expectFailure(bench + ["--profile", taken], taken, "not also an input") }
    // Below a file there can be no folder, whoever asks.
    try expectFailure(run + ["--output-dir", "\(model)/results"], "\(model)/results", "cannot be made")
    try expectFailure(run + ["--output", "y=\(files.path("none"))/y.npy"], "none/y.npy", "cannot be written")
    try expectFailure(
      ["bench", model, "--runs", "1", "--backend", "reference", "--profile", "\(model)/trace"], "\(model)/trace")
    #expect(try FileManager.default.contentsOfDirectory(atPath: files.folder).sorted() == ["model.onnx", "x.npy"])
  }

  @Test("An input that is given twice is wrong use", arguments: ["run", "bench"]) func givenTwice(verb: String) throws {
    let result = try Program.run([verb, try files.sumModel(), "--input", "x=a.npy", "--input", "x=b.npy"])
    #expect(result.status == 2 && result.errors.contains("--input: expected each name once, found \"x\" twice"))
  }

  @Test func aRunThatIsNotFinite() throws {
    let model = try files.model(
      "g (float[2] x) => (float[2] y) { [fine] a = Neg (x) \n [root] b = Sqrt (a) \n [end] y = Relu (b) }")
    let input = try files.array(Tensor([1, 4] as [Float], dims: [2]))
    let output = files.path("y.npy")
    try expectFailure(
      ["run", model, "--backend", "reference", "--check-finite", "--input", "x=\(input)", "--output", "y=\(output)"],
      "\"root\" (Sqrt)", "\"b\"", "nan")
    #expect(!FileManager.default.fileExists(atPath: output))
  }

  @Test("A NaN that goes in is found, though bytes hide it") func aNaNThatIsRounded() throws {
    let model = try files.model(
      "g (float[2] x) => (uint8[2] y) <float s = {0.5}, uint8 z = {3}> { y = QuantizeLinear (x, s, z) }")
    let input = try files.array(Tensor([1, .nan] as [Float], dims: [2]))
    try expectFailure(
      ["run", model, "--backend", "reference", "--check-finite", "--input", "x=\(input)"], "input \"x\"",
      "NaN as element 1")
  }

  // MARK: - Backends

  @Test func aFileThatIsNoLibrary() throws {
    let path = try files.write(Array("no ELF".utf8), to: "libletter.so")
    try expectFailure(["kernels", path], "libletter.so", "cannot be loaded")
    try expectFailure(["bench", try files.sumModel(), "--backend", path], "libletter.so", "cannot be loaded")
  }

  @Test(.enabled(if: Compiler.path != nil, "there is no C compiler to make the plugin with"))
  func aLibraryThatIsNoPlugin() throws {
    let path = try Compiler.library("int answer(void) { return 42; }", in: files)
    try expectFailure(["kernels", path], path, "is no kernel plugin", "oneiro_plugin_register")
  }

  @Test(.enabled(if: Compiler.path != nil, "there is no C compiler to make the plugin with"))
  func aPluginOfAnotherVersion() throws {
    let path = try Compiler.library(
      """
      #include "oneiro_kernel.h"
      int32_t oneiro_plugin_register(const oneiro_host *host) {
        return host->abi_version == ONEIRO_KERNEL_ABI + 1 ? ONEIRO_OK : ONEIRO_ABI_MISMATCH;
      }
      """, in: files)
    try expectFailure(["kernels", path], path, "kernel ABI: expected version 1")
    try expectFailure(["bench", try files.sumModel(), "--backend", path], path, "kernel ABI")
  }
}
