import OneiroGraph

enum ExampleModel {
  /// A model with each kind of attribute, type and tensor, a body, and a function.
  static func everything() throws -> Model {
    var model = try GraphText.parse(
      """
      <ir_version: 10, opset_import: ["" : 23, "com.x" : 1], producer_name: "p", producer_version: "2", domain: "d",
       model_version: 3, doc_string: "text", metadata_props: ["k": "v", "l": "w"]>
      g (float[N,"N-1",?,4] X, float S, float[] U, seq(int64[?]) Q, optional(float[2]) O, map(int64, string) M,
         sparse_tensor(float[3]) Sp, bool C) => (Y)
      <float[2] W = {1.0,2.5}, string[2] T = {"a","ü"}, sparse_tensor(float[9]) Z = {float[2] {1.0,2.0}, int64[2] {0,8}},
       float[2] A>
      {
        [first] A, "", "b/c" = com.x.Foo (X, "", W) <
          f = 1.5, i = 2, s = "text", t = int64[2] {1,2}, sp: sparse_tensor = sparse_tensor(float[3]) {float[1] {1.0}, int64[1] {2}},
          tp: type_proto = seq(float[N]), fs = [1.0, 2.0], is = [1, 2], ss = ["a", "b"], ts: tensors = [float {1.0}, float {2.0}],
          tps: type_protos = [float[N], float], none: ints = [], gs: graphs = [a () => () {}, b () => () {}]>
        Y = If (C) <then_branch = t () => (float[2] V) <float[2] own = {3.0,4.0}> { V = Add (A, own) }, else_branch = e () => (A) {}>
      }
      <domain: "com.x", opset_import: ["" : 23]>
      Foo <i, f: float = 1.0> (a, b, c) => (x, y, z) {
        x = Identity (a) y = Bar <r: int = @i> (b) z = Identity (c)
      }
      """)
    for type in ElementType.allCases where type != .string {
      model.graph.addInitializer("t_\(type.name)", tensor(type))
    }
    model.graph.docString = "the graph"
    model.graph.metadata = ["a": "b"]
    model.graph.nodes[0].docString = "the node"
    model.graph.nodes[0].metadata = ["c": "d"]
    return model
  }

  /// Three elements of bits that are not all zero.
  static func tensor(_ type: ElementType) -> Tensor {
    let byteCount = type.byteCount(of: 3)!
    let storage = ByteStorage(byteCount: byteCount) { memory in
      for index in memory.indices { memory[index] = type == .bool ? UInt8(index & 1) : UInt8(index + 1) }
    }
    return Tensor(type, dims: [3], storage: storage)
  }
}
