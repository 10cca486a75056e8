import Foundation
import OneiroGraph
import OneiroModel
import OneiroTestSupport
import Testing

@Suite("Reading ONNX files") struct ImportTests {
  @Test(
    "Bytes that are no model are refused with their name",
    arguments: [[], Array("no model".utf8), [0x0A], [UInt8](repeating: 0xFF, count: 64)])
  func noProtobuf(bytes: [UInt8]) {
    let error = message { _ = try ModelReader.parse(bytes: bytes, name: "a.onnx") }
    #expect(error.hasPrefix("a.onnx: expected a protobuf ModelProto"), "\(error)")
  }

  @Test("A file that is missing, or a folder, is refused") func missing() throws {
    let folder = try TemporaryFolder()
    #expect(message { _ = try ModelReader.load(folder.file("none.onnx")) }.contains("cannot be opened: No such file"))
    #expect(message { _ = try ModelReader.load(folder.path) }.contains("expected a regular file, found a folder"))
    try folder.write([], to: "empty.onnx")
    #expect(message { _ = try ModelReader.load(folder.file("empty.onnx")) }.contains("found an empty file"))
  }

  @Test("No truncation crashes, none is taken for the whole") func truncated() throws {
    let bytes = try ModelWriter.bytes(of: ExampleModel.everything())
    let whole = try ModelReader.parse(bytes: bytes, name: "whole")
    for count in stride(from: 0, to: bytes.count, by: 3) {
      let model = try? ModelReader.parse(bytes: Array(bytes[..<count]), name: "cut")
      #expect(model.map { GraphText.print($0) } != GraphText.print(whole))
    }
  }

  @Test("No change of a byte crashes") func mutated() throws {
    let bytes = try ModelWriter.bytes(of: ExampleModel.everything())
    for index in stride(from: 0, to: bytes.count, by: 2) {
      for value: UInt8 in [0x00, 0x7F, 0xFF] {
        var changed = bytes
        changed[index] = value
        _ = try? ModelReader.parse(bytes: changed, name: "changed")
      }
    }
  }

  @Test("Messages that nest without end are refused") func nestingBomb() {
    var graph: [UInt8] = []
    for _ in 0..<5000 {
      graph = Wire.bytes(1, Wire.bytes(5, Wire.text(1, "a") + Wire.bytes(6, graph) + Wire.int(20, 5)))
    }
    let error = message { _ = try ModelReader.parse(bytes: Wire.model(graph), name: "bomb.onnx") }
    #expect(error.contains("too deep"), "\(error)")
  }

  @Test(
    "IR versions and opsets past what is known are refused",
    arguments: [
      (8, 99, "expected 1 ... 28 because this build reads those, found 99"), (8, 0, "found 0"),
      (15, 17, "IR version: expected 1 to 14, found 15"), (0, 17, "found 0"),
    ])
  func versions(irVersion: Int64, opset: Int64, expected: String) {
    let error = message {
      _ = try ModelReader.parse(bytes: Wire.model([], irVersion: irVersion, opset: opset), name: "m")
    }
    #expect(error.contains(expected), "\(error)")
  }

  @Test("Nodes are put in order; a cycle names its nodes") func order() throws {
    func node(_ input: String, _ output: String) -> [UInt8] {
      Wire.bytes(1, Wire.text(1, input) + Wire.text(2, output) + Wire.text(3, "make \(output)") + Wire.text(4, "Relu"))
    }
    let x = Wire.bytes(11, Wire.text(1, "X")), y = Wire.bytes(12, Wire.text(1, "Y"))
    let model = try ModelReader.parse(bytes: Wire.model(node("T", "Y") + node("X", "T") + x + y), name: "m")
    #expect(model.graph.nodes.map(\.outputs) == [["T"], ["Y"]])
    let error = message {
      _ = try ModelReader.parse(bytes: Wire.model(node("T", "Y") + node("Y", "T") + x + y), name: "m")
    }
    #expect(error.contains("cycle of 2") && error.contains("make T"), "\(error)")
  }

  @Test("Attributes of old files have no type: the value tells") func untypedAttributes() throws {
    func model(_ attribute: [UInt8]) -> [UInt8] {
      Wire.model(Wire.bytes(1, Wire.text(4, "Foo") + Wire.bytes(5, Wire.text(1, "a") + attribute)))
    }
    let node = try ModelReader.parse(bytes: model(Wire.int(3, 7)), name: "m").graph.nodes[0]
    guard case .int(7) = node.attributes["a"] else {
      Issue.record("expected 7, found \(String(describing: node.attributes["a"]))")
      return
    }
    #expect(message { _ = try ModelReader.parse(bytes: model([]), name: "m") }.contains("found neither"))
    #expect(
      message { _ = try ModelReader.parse(bytes: model(Wire.int(3, 7) + Wire.int(20, 1)), name: "m") }.contains(
        "one of kind int"))
    #expect(
      message { _ = try ModelReader.parse(bytes: model(Wire.int(20, 99)), name: "m") }.contains(
        "expected a type from 1 to 14"))
  }

  @Test("Text that is not UTF-8 is refused") func encoding() {
    let error = message {
      _ = try ModelReader.parse(bytes: Wire.model(Wire.bytes(1, Wire.bytes(4, [0xC3, 0x28]))), name: "m")
    }
    #expect(error.contains("expected UTF-8"), "\(error)")
  }
}
