import OneiroGraph
import OneiroModel
import Testing

@Suite("Reading ONNX files") struct ImportTests {
  @Test("Bytes that are no protobuf are refused with their name")
  func noProtobuf() {
    #expect(throws: GraphError.self) { try ModelReader.parse(bytes: Array("no model".utf8), name: "a.onnx") }
    #expect(throws: GraphError.self) { try ModelReader.parse(bytes: [UInt8](), name: "a.onnx") }
  }
}
