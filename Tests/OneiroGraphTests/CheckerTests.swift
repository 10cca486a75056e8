import OneiroGraph
import Testing

@Suite("Structure of graphs") struct CheckerTests {
  @Test(
    "What is wrong is refused by name",
    arguments: [
      ("g (float X) => (Y) { Y = Add (X, Z) }", "input 1 \"Z\": is not defined"),
      ("g (float X) => (Z) { Y = Relu (X) }", "output \"Z\" of graph \"g\": is not defined"),
      ("g (float X) => (Y) { Y = Relu (X) Y = Relu (X) }", "output 0 \"Y\": is defined already"),
      ("g (float X) => (Y) { X = Relu (X) Y = Relu (X) }", "output 0 \"X\": is defined already"),
      ("g (float X, float X) => (Y) { Y = Relu (X) }", "input of graph \"g\" \"X\": is listed twice"),
      ("g (float X) => (Y, Y) { Y = Relu (X) }", "graph output \"Y\": is listed twice"),
      ("g (float X) => (Y) { Y = Relu (T) T = Relu (X) }", "is read before the node that makes it"),
      ("g (float X) => (Y) { Y = com.x.Foo (X) }", "found one of \"com.x\""),
      (
        "g (float X) => (Y) { Y = If <then_branch = t () => (Q) {}> (X) }",
        "output \"Q\" of graph \"t\": is not defined"
      ),
    ])
  func refused(text: String, message: String) throws {
    let model = try GraphText.parse("<ir_version: 8, opset_import: [\"\" : 17]> " + text)
    let error = #expect(throws: GraphError.self) { try model.checkStructure() }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test("Bodies see the values around them, and may hide them") func scopes() throws {
    try GraphText.parse(
      """
      <ir_version: 8, opset_import: ["" : 17]>
      g (bool C, float X) => (Y) {
        T = Relu (X)
        Y = If <then_branch = t () => (T) {}, else_branch = e () => (X) { X = Relu (T) }> (C)
      }
      """
    ).checkStructure()
  }

  @Test("Functions that call themselves are refused") func recursion() throws {
    let model = try GraphText.parse(
      """
      <ir_version: 8, opset_import: ["" : 17]> g (float X) => (Y) { Y = f.A (X) }
      <domain: "f", opset_import: ["" : 17]> A (x) => (y) { y = f.B (x) }
      <domain: "f", opset_import: ["" : 17]> B (x) => (y) { y = f.A (x) }
      """)
    let error = #expect(throws: GraphError.self) { try model.checkStructure() }
    #expect(error?.description.contains("calls itself") == true)
  }

  @Test("Nodes are put in order, those in order stay") func sorting() throws {
    let names = ["c", "a", "b", "d"]
    let nodes = [
      Node("Add", name: "c", inputs: ["A", "B"], outputs: ["C"]),
      Node("Relu", name: "a", inputs: ["X"], outputs: ["A"]),
      Node("Relu", name: "b", inputs: ["X"], outputs: ["B"]), Node("Relu", name: "d", inputs: ["C"], outputs: ["D"]),
    ]
    #expect(nodes.map(\.name) == names)
    #expect(try nodes.topologicallySorted().map(\.name) == ["a", "b", "c", "d"])
    #expect(try Array(nodes[1...2]).topologicallySorted().map(\.name) == ["a", "b"])
  }

  @Test("A cycle is refused with the nodes on it, also through a body") func cycles() throws {
    let body = Graph("t", outputs: [ValueInfo("B", nil)])
    let cyclic = [
      Node("Relu", name: "a", inputs: ["C"], outputs: ["A"]),
      Node("If", name: "b", inputs: ["A"], outputs: ["C"], attributes: ["then_branch": .graph(body)]),
      Node("Relu", name: "c", inputs: ["C"], outputs: ["B"]),
    ]
    let error = #expect(throws: GraphError.self) { try cyclic.topologicallySorted() }
    #expect(error?.description.contains("found a cycle of") == true)
    let chain = (0..<50_000).reversed().map { Node("Relu", inputs: ["\($0)"], outputs: ["\($0 + 1)"]) }
    #expect(try chain.topologicallySorted().first?.inputs == ["0"])
  }
}
