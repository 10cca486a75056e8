import Foundation
import OneiroGraph
import OneiroModel
import OneiroTestSupport
import Testing

@Suite("Writing ONNX files") struct ExportTests {
  @Test("What is written is read back, and the same bytes come out every time") func roundTrip() throws {
    let model = try ExampleModel.everything()
    let file = try ModelWriter.bytes(of: model)
    let copy = try ModelReader.parse(bytes: file, name: "copy")
    #expect(GraphText.print(copy) == GraphText.print(model))
    #expect(copy.graph.docString == "the graph")
    #expect(copy.graph.metadata == ["a": "b"])
    #expect(copy.graph.nodes[0].docString == "the node")
    #expect(copy.graph.nodes[0].metadata == ["c": "d"])
    for type in ElementType.allCases where type != .string {
      let found = try #require(copy.graph.initializers["t_\(type.name)"])
      #expect(found.elementType == type && bytes(of: found) == bytes(of: ExampleModel.tensor(type)))
    }
    #expect(try ModelWriter.bytes(of: copy) == file)
  }

  @Test("Initializers go to other files, aligned, also those of bodies") func externalData() throws {
    let folder = try TemporaryFolder()
    let model = try ExampleModel.everything()
    var placed = PlacedWeights()
    var main = model.graph
    main.nodes.removeAll { !$0.bodies.isEmpty }
    let bodies = Graph("bodies", nodes: model.graph.nodes.filter { !$0.bodies.isEmpty })
    let hash = try placed.write(main, to: "main.bin", in: folder.file("."), threshold: 0)
    #expect(try placed.write(bodies, to: "If.bin", in: folder.file("."), threshold: 0) != hash)
    #expect(try placed.write(main, to: "again.bin", in: folder.file("."), threshold: 0) == nil)
    try ModelWriter.write(model, to: folder.file("m.onnx"), placed: placed)
    #expect(try folder.files == ["If.bin", "m.onnx", "main.bin"])
    #expect(try SHA256.hex(ofFile: folder.file("main.bin")) == hash)
    let copy = try ModelReader.load(folder.file("m.onnx"))
    #expect(GraphText.print(copy) == GraphText.print(model))
    #expect(try folder.read("If.bin") == [0, 0, 0x40, 0x40, 0, 0, 0x80, 0x40])
    // A second time over the files that the copy is mapped from.
    try ModelWriter.write(copy, to: folder.file("m.onnx"), externalDataFile: "main.bin", threshold: 1)
    #expect(GraphText.print(try ModelReader.load(folder.file("m.onnx"))) == GraphText.print(model))
  }

  @Test("A failure leaves nothing behind, and what was there as it was") func failure() throws {
    let folder = try TemporaryFolder()
    let model = try ExampleModel.everything()
    #expect(
      message { try ModelWriter.write(model, to: folder.file("none/m.onnx")) }.contains(
        "none/m.onnx: cannot be written: No such"))
    try FileManager.default.createDirectory(atPath: folder.file("m.onnx"), withIntermediateDirectories: false)
    #expect(message { try ModelWriter.write(model, to: folder.file("m.onnx")) }.contains("cannot be written"))
    #expect(
      message { try ModelWriter.write(model, to: folder.file("n.onnx"), externalDataFile: "../w.bin", threshold: 1) }
        .contains("relative"))
    #expect(try folder.files == ["m.onnx"])
  }

  @Test("Values: tensors, sequences, optionals and maps") func values() throws {
    let folder = try TemporaryFolder()
    let tensor = Value.tensor(Tensor([Float](arrayLiteral: 1, 2), dims: [2])), type = ValueType.tensor(.float32, nil)
    let values: [Value] = [
      tensor, .sequence([tensor, tensor], of: type), .sequence([], of: type), .optional(tensor, of: type),
      .optional(nil, of: type),
      .sequence([.sequence([tensor], of: type)], of: .sequence(type)),
      .optional(.sequence([tensor], of: type), of: .sequence(type)),
      .map([(.int(3), tensor), (.int(4), tensor)]), .map([(.string("a"), tensor)]),
      .tensor(Tensor(strings: ["a", "b"], dims: [2, 1])),
    ]
    for value in values {
      try ValueFile.write(value, to: folder.file("v.pb"), name: "v")
      let copy = try ValueFile.read(folder.file("v.pb"), as: value.type)
      #expect("\(describe(copy))" == "\(describe(value))")
    }
  }

  private func describe(_ value: Value?) -> String {
    switch value {
    case .tensor(let tensor): "\(tensor.elementType)\(tensor.dims)\(bytes(of: tensor))\(tensor.strings)"
    case .sequence(let elements, let type): "\(type)[\(elements.map(describe))]"
    case .optional(let element, let type): "\(type)?\(describe(element))"
    case .map(let entries): "\(entries.map { "\($0.key):\(describe($0.value))" })"
    case nil: "none"
    }
  }
}
