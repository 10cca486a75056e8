import Foundation
import OneiroGraph
import OneiroModel
import OneiroQuantization
import OneiroTestSupport
import Testing

@Suite("Recipes for parts of pipelines and the same parts as plain models") struct RecipeFittingTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// - parts: names of layers by role.
  private func recipe(_ parts: [(role: String, layers: [String])]) throws -> QuantizationRecipe {
    let texts = parts.map { part in
      let layers = part.layers.map { #"{"name": "\#($0)", "scheme": "w8"}"# }.joined(separator: ", ")
      return #"{"role": "\#(part.role)", "layers": [\#(layers)]}"#
    }
    let path = try folder.write(Array(#"{"parts": [\#(texts.joined(separator: ", "))]}"#.utf8), to: "recipe.json")
    return try QuantizationRecipe(contentsOf: path)
  }

  /// A graph of products with these names.
  private static func graph(_ layers: [String]) -> Graph {
    let ends = ["x"] + layers.map { "\($0).y" }
    return Graph(
      "products", inputs: [ValueInfo("x", .tensor(.float32, dims: [1, 16]))],
      outputs: [ValueInfo(ends[layers.count], .tensor(.float32, dims: [1, 16]))],
      nodes: zip(layers, ends).map { Node("MatMul", name: $0, inputs: [$1, "\($0).w"], outputs: ["\($0).y"]) },
      initializers: Dictionary(
        uniqueKeysWithValues: layers.map { ("\($0).w", Tensor([Float](repeating: 1, count: 256), dims: [16, 16])) }))
  }

  private static let pipeline = [(role: "unet", graph: graph(["a", "b"])), (role: "vae", graph: graph(["a", "c"]))]

  @Test("A plain model takes the choices of the part whose layers it has") func partOfPipeline() throws {
    let fitted = try recipe([("unet", ["a", "b"]), ("vae", ["a", "c"])]).fitted(to: [("", Self.graph(["a", "c"]))])
    #expect(fitted.parts.map(\.role) == [""] && fitted.parts[0].layers.map(\.name) == ["a", "c"])
    try fitted.checkParts([""])
  }

  @Test("A pipeline's part takes the choices for a plain model with its layers") func plainModel() throws {
    let fitted = try recipe([("", ["a", "c"])]).fitted(to: Self.pipeline)
    #expect(fitted.parts.map(\.role) == ["vae"] && fitted.parts[0].layers.map(\.name) == ["a", "c"])
    // The parts that are asked for are the ones that count.
    #expect(try recipe([("", ["a"])]).fitted(to: [Self.pipeline[0]]).parts.map(\.role) == ["unet"])
  }

  @Test("Of one kind, nothing is looked for") func sameKind() throws {
    #expect(try recipe([("unet", ["z"])]).fitted(to: Self.pipeline).parts.map(\.role) == ["unet"])
    #expect(try recipe([("", ["z"])]).fitted(to: [("", Self.graph(["a"]))]).parts.map(\.role) == [""])
  }

  @Test("No part or several with these layers are one error") func refused() throws {
    func message(_ parts: [(role: String, layers: [String])], _ graphs: [(role: String, graph: Graph)]) throws -> String
    {
      let recipe = try recipe(parts)
      let error = #expect(throws: GraphError.self) { try recipe.fitted(to: graphs) }
      return error.map { "\($0)" } ?? ""
    }
    #expect(
      try message([("unet", ["a", "b"])], [("", Self.graph(["a"]))])
        == "recipe: expected choices for a plain model, or for one part with its layers, "
        + "found those for unet with other layers, such as \"b\"")
    #expect(
      try message([("unet", ["a"]), ("vae", ["a"])], [("", Self.graph(["a"]))])
        == "recipe: expected choices for a plain model, or for one part with its layers, "
        + "found those for layers that are in each of unet, vae")
    #expect(
      try message([("", ["d"])], Self.pipeline)
        == "recipe: expected choices for parts of a pipeline, or for a plain model with the layers of one of them, "
        + "found those for a plain model with other layers, such as \"d\"")
    #expect(
      try message([("", ["a"])], Self.pipeline).hasSuffix(
        "found those for layers that are in each of unet, vae (--role names one)"))
    #expect(try message([("", [])], Self.pipeline).hasSuffix("found those for a plain model with other layers"))
  }
}
