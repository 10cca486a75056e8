import Foundation
import OneiroConformance
import OneiroGraph
import OneiroRuntime
import Testing

@Suite("Kernel plugins and backends") struct PluginTests {
  private static let x = TensorType(.float32, dims: [5])

  private func graph(_ text: String) throws -> Graph {
    try GraphText.parse("<ir_version: 10, opset_import: [\"\" : 23]>\n" + text).graph
  }

  private func relu() throws -> Graph { try graph("g (float[5] X) => (Y) { [top] Y = Relu (X) }") }

  private func message(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return "nothing was thrown"
  }

  // MARK: - Loading

  @Test("Example is loaded by path, named after its file, and runs a Relu") func byPath() throws {
    let path = try #require(PluginSearch.all.first { $0.hasSuffix("libOneiroExample.so") })
    let backend = try Backend(path)
    #expect(backend.chain.map(\.name) == ["example", "vector", "reference"])
    guard case .plugin(let plugin) = backend.chain[0] else { return }
    #expect(plugin.remarks == ["the kernel plugin of Docs/KernelPlugins.md"])
    #expect(plugin.kernels.map(\.op.opType) == ["Relu"])
    #expect(plugin.kernels[0].isa == "baseline")
    #expect(plugin.kernels[0].sinceVersion == 14)
    let plan = try Planner(backend: backend, threads: 1).plan(try relu(), inputs: ["X": Self.x])
    #expect(plan.placement.map(\.source) == ["example"])
    var session = try Session(plan)
    let result = try session.run(["X": Tensor([-1, 0, 2, .nan, .infinity] as [Float], dims: [5])])
    let y = try #require(result["Y"]).elements(of: Float.self)
    #expect(y[0] == 0 && y[1] == 0 && y[2] == 2 && y[3].isNaN && y[4] == .infinity)
  }

  @Test("Every plugin that is built is found by its name") func search() {
    let names = Set(PluginSearch.all.compactMap { (try? Backend($0, isStrict: true))?.chain.first?.name })
    #expect(names.isSuperset(of: ["vector", "openblas", "onednn", "example"]))
  }

  @Test("A file that is not there, and one that is no library") func noLibrary() throws {
    let missing = message { _ = try Backend("/nowhere/libOneiroNothing.so") }
    #expect(missing.hasPrefix("/nowhere/libOneiroNothing.so: cannot be loaded: "), "\(missing)")
    let text = message { _ = try Backend(#filePath) }
    #expect(text.hasPrefix("\(#filePath): cannot be loaded: "), "\(text)")
  }

  @Test("A library without the symbol") func noSymbol() {
    // The C library is surely there, and surely no kernel plugin.
    let text = message { _ = try Backend("libc.so.6/../libm.so.6") }
    #expect(text.contains("cannot be loaded"), "\(text)")
    #expect(
      message { _ = try KernelPlugin.load("libm.so.6") }
        == "libm.so.6: is no kernel plugin: it has no symbol oneiro_plugin_register")
  }

  @Test("Many threads ask for the same plugins at once") func concurrency() async throws {
    let names = try await withThrowingTaskGroup(of: [String].self) { group in
      for index in 0..<32 {
        group.addTask { try Backend(["onednn", "openblas", "vector", "example"][index % 4]).chain.map(\.name) }
      }
      return try await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect(
      names == [
        ["onednn", "vector", "reference"], ["openblas", "vector", "reference"], ["vector", "reference"],
        ["example", "vector", "reference"],
      ])
    // A plugin is loaded once, whoever asks.
    guard case .plugin(let a) = try Backend("vector").chain[0], case .plugin(let b) = try Backend("vector").chain[0]
    else { return }
    #expect(a === b)
  }

  // MARK: - Other people's plugins

  @Test("Another ABI version, and a registration that fails", .enabled(if: CCompiler.path != nil, "needs a C compiler"))
  func registration() throws {
    let other = try CCompiler.build(
      "other",
      """
      #include "oneiro_kernel.h"
      int32_t oneiro_plugin_register(const oneiro_host *host) {
        return host->abi_version == ONEIRO_KERNEL_ABI + 1 ? ONEIRO_OK : ONEIRO_ABI_MISMATCH;
      }
      """)
    #expect(
      message { _ = try Backend(other) }
        == "\(other): kernel ABI: expected version 1, found another one; build the plugin against this oneiro_kernel.h")
    let failing = try CCompiler.build(
      "failing",
      """
      #include "oneiro_kernel.h"
      int32_t oneiro_plugin_register(const oneiro_host *host) { return ONEIRO_FAILED; }
      """)
    #expect(message { _ = try Backend(failing) } == "\(failing): registration failed with status 4")
    // What failed once is not remembered as loaded.
    #expect(message { _ = try Backend(failing) } == "\(failing): registration failed with status 4")
  }

  @Test("A descriptor without its functions is not taken", .enabled(if: CCompiler.path != nil, "needs a C compiler"))
  func badDescriptor() throws {
    let path = try CCompiler.build(
      "bare",
      """
      #include "oneiro_kernel.h"
      int32_t oneiro_plugin_register(const oneiro_host *host) {
        oneiro_kernel kernel = {.struct_size = sizeof kernel, .op_type = "Relu"};
        return host->add_kernel(host->context, &kernel);
      }
      """)
    #expect(message { _ = try Backend(path) } == "\(path): registration failed with status 4")
  }

  /// A Relu that says what it was called with: state, workspace and threads all have to be right for its result to be.
  private static let careful = """
    #include "oneiro_kernel.h"
    #include <stdlib.h>
    static int32_t supports(const oneiro_node *node, oneiro_text *why) {
      if (node->inputs[0].rank != 1) return oneiro_say(why, ONEIRO_UNSUPPORTED, "rank is not 1");
      return ONEIRO_OK;
    }
    static int32_t prepare(oneiro_call *call) {
      if (call->node->inputs[0].dims[0] == 7) return oneiro_say(call->why, ONEIRO_FAILED, "seven is too many");
      if (call->node->inputs[0].dims[0] == 8) return oneiro_say(call->why, ONEIRO_UNSUPPORTED, "eight is not for me");
      int *state = malloc(sizeof *state);
      *state = 42;
      call->state = state;
      call->workspace_byte_count = 100;
      return ONEIRO_OK;
    }
    static int32_t compute(const oneiro_call *call) {
      const float *x = call->inputs[0].data;
      float *y = call->outputs[0].data, *w = call->workspace;
      if (*(int *)call->state != 42) return oneiro_say(call->why, ONEIRO_FAILED, "the state is lost");
      if (call->workspace_byte_count != 100 || (size_t)w % 64) return oneiro_say(call->why, ONEIRO_FAILED, "no workspace");
      if (call->threads != 3) return oneiro_say(call->why, ONEIRO_FAILED, "threads");
      if (x[0] == 13) return oneiro_say(call->why, ONEIRO_FAILED, "thirteen");
      memset(w, 0xff, 100);
      for (int64_t i = 0; i < oneiro_element_count(&call->inputs[0]); i++) y[i] = x[i] > 0 ? x[i] : 0;
      return ONEIRO_OK;
    }
    int32_t oneiro_plugin_register(const oneiro_host *host) {
      oneiro_kernel kernel = {.struct_size = sizeof kernel, .since_version = 14, .op_type = "Relu", .domain = "", .isa = "c",
                              .supports = supports, .prepare = prepare, .compute = compute, .release = free};
      return host->add_kernel(host->context, &kernel);
    }
    """

  @Test(
    "State, workspace, threads and reasons cross the border", .enabled(if: CCompiler.path != nil, "needs a C compiler"))
  func border() throws {
    let path = try CCompiler.build("libcareful", Self.careful)
    let planner = Planner(backend: try Backend(path), threads: 3)
    #expect(planner.backend.chain[0].name == "careful")
    let text = { (shape: String) in "g (float\(shape) X) => (Y) { A = Neg (X) [top] B = Relu (A) Y = Neg (B) }" }
    let plan = try planner.plan(try graph(text("[5]")), inputs: ["X": Self.x])
    var session = try Session(plan)
    let result = try session.run(["X": Tensor([-1, 2, -3, 4, 0] as [Float], dims: [5])])
    #expect(result["Y"]?.elements(of: Float.self) == [-1, 0, -3, 0, 0])
    do throws(RunError) {
      _ = try session.run(["X": Tensor([-13, 2, -3, 4, 0] as [Float], dims: [5])])
      Issue.record("nothing was thrown")
    } catch {
      #expect(error.description == "node \"top\" (Relu) on careful: thirteen")
    }
    let seven = message {
      _ = try planner.plan(try self.graph(text("[7]")), inputs: ["X": TensorType(.float32, dims: [7])])
    }
    #expect(seven == "node \"top\" (Relu) on careful: cannot be prepared: seven is too many")
    for (shape, dims, reason) in [("[8]", [8], "eight is not for me"), ("[2,2]", [2, 2], "rank is not 1")] {
      let plan = try planner.plan(try graph(text(shape)), inputs: ["X": TensorType(.float32, dims: dims)])
      let step = try #require(plan.steps.first { $0.node.opType == "Relu" })
      #expect(step.kernel.source == "vector")
      #expect(step.declined.map(\.source) == ["careful"] && step.declined.map(\.reason) == [reason])
    }
  }

  @Test(
    "A kernel of a later or an earlier opset is not asked", .enabled(if: CCompiler.path != nil, "needs a C compiler"))
  func versions() throws {
    for (range, reason) in [
      (".since_version = 99", "has Relu of opset 99 up, the node means opset 14"),
      (".since_version = 1, .until_version = 13", "has Relu of opset 1 to 13, the node means opset 14"),
    ] {
      let source = Self.careful.replacingOccurrences(of: ".since_version = 14", with: range)
      let planner = Planner(backend: try Backend(try CCompiler.build("libversion", source)), threads: 1)
      let step = try #require(try planner.plan(try relu(), inputs: ["X": Self.x]).steps.first)
      #expect(step.declined.map(\.reason) == [reason])
    }
  }

  // MARK: - What --backend means

  @Test(
    "Lists that are none",
    arguments: ["", ",", "vector,", "vector,onednn", "=vector", "Conv=", "onednn,Conv=", "a=b=c"])
  func malformed(text: String) {
    let message = message { _ = try Backend(text) }
    #expect(message.contains("expected NAME or a list such as") || message.contains("no such backend"), "\(message)")
  }

  @Test(
    "A backend that does not exist: what there is, and where it was looked for",
    arguments: ["cuda", "onednn,Conv=cuda"])
  func unknown(text: String) {
    let message = message { _ = try Backend(text) }
    #expect(message.hasPrefix("cuda: no such backend; found "), "\(message)")
    #expect(message.contains("vector") && message.contains("reference") && message.contains("looked in"), "\(message)")
  }

  @Test("One operator is given to another backend") func byOperator() throws {
    let text = """
      g (float[1,2,6,6] X) => (Y) {
        A = Conv (X, W)
        B = Neg (A)
        Y = Softmax (B)
      }
      """
    var graph = try graph(text)
    graph.addInitializer("W", .random([3, 2, 3, 3]))
    let types = ["X": TensorType(.float32, dims: [1, 2, 6, 6])]
    func sources(_ backend: String) throws -> [String] {
      try Planner(backend: try Backend(backend), threads: 1).plan(graph, inputs: types).steps.map(\.kernel.source)
    }
    #expect(try sources("vector") == ["vector", "vector", "vector"])
    #expect(try sources("vector,Conv=openblas") == ["openblas", "vector", "vector"])
    #expect(try sources("Conv=reference,vector,Softmax=onednn") == ["reference", "vector", "onednn"])
    // oneDNN has no Neg: it falls to the next in the chain.
    #expect(try sources("onednn") == ["onednn", "vector", "onednn"])
    #expect(try sources("reference") == ["reference", "reference", "reference"])
    #expect(try Backend("onednn").order == "onednn -> vector -> reference")
  }

  @Test("One role is given to another backend") func byRole() throws {
    var graph = try graph("g (float[5] X) => (Y) { A = Relu (X) B = Neg (A) Y = Abs (B) }")
    graph.nodes[1].role = "unet"
    graph.nodes[2].role = "unet"
    func sources(_ backend: String, isStrict: Bool = false) throws -> [String] {
      try Planner(backend: try Backend(backend, isStrict: isStrict), threads: 1).plan(graph, inputs: ["X": Self.x])
        .steps.map(\.kernel.source)
    }
    #expect(try sources("vector,unet=reference") == ["vector", "reference", "reference"])
    // An operator says more than a role.
    #expect(try sources("vector,unet=reference,Abs=onednn") == ["vector", "reference", "onednn"])
    #expect(try sources("vector,unet=reference", isStrict: true) == ["vector", "reference", "reference"])
    #expect(throws: RunError.self) { try sources("vector,unet=openblas", isStrict: true) }
  }
}
