import Testing

@Suite struct DiffTests {
  let files: Fixtures
  init() throws { files = try Fixtures() }

  @Test("A difference is counted first, and shown in part") func diff() throws {
    let unet = Program.repository.appendingPathComponent("Models/parts/unet.onnx").path
    let quantized = files.path("unet-w8.onnx")
    #expect(try Program.run(["quantize", unet, quantized, "--scheme", "w8"]).status == 0)
    let short = try Program.run(["diff", unet, quantized]),
      whole = try Program.run(["diff", unet, quantized, "--verbose"])
    #expect(short.status == 1 && whole.status == 1)
    let lines = short.output.split(separator: "\n"), all = whole.output.split(separator: "\n")
    #expect(lines[0].contains(/^[0-9]+ added, [0-9]+ removed, 0 changed$/), "\(lines[0])")
    #expect(lines[2].contains(/^node DequantizeLinear +[0-9]+ +- +-$/), "\(lines[2])")
    #expect(lines.count < 50 && all.count > 200)
    let left = try #require(lines.last?.firstMatch(of: /^([0-9]+) more, which --verbose shows$/).flatMap { Int($0.1) })
    #expect(all.count == lines.count - 1 + left && all.starts(with: lines.dropLast()))
  }
}
