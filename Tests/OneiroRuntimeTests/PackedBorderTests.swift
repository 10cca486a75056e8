import Foundation
import OneiroGraph
import OneiroRuntime
import OneiroTestSupport
import Testing

@Suite("Memory for packed weights crosses the border", .enabled(if: CCompiler.path != nil, "needs a C compiler"))
struct PackedBorderTests {
  /// y = a + b in two pieces of packed b, each twice b where it was packed in an earlier run. With 8 elements it fails
  /// when it has packed.
  private static let source = """
    #include "oneiro_kernel.h"
    #include <stdlib.h>
    typedef struct pieces { float *packed[2]; int32_t is_filled[2]; } pieces;
    static int32_t supports(const oneiro_node *node, oneiro_text *why) {
      if (!node->inputs[1].data) return oneiro_say(why, ONEIRO_UNSUPPORTED, "b is no constant");
      return ONEIRO_OK;
    }
    static int32_t prepare(oneiro_call *call) {
      pieces *state = calloc(1, sizeof *state);
      call->state = state;
      size_t half = call->node->inputs[1].byte_count / 2;
      for (int at = 0; at < 2; at++) {
        state->packed[at] = oneiro_packed_memory(call, WHAT, half, &state->is_filled[at]);
        if (!state->packed[at]) return oneiro_say(call->why, ONEIRO_UNSUPPORTED, "no memory is given");
        if ((size_t)state->packed[at] % 64) return oneiro_say(call->why, ONEIRO_FAILED, "it is not aligned");
        if (!state->is_filled[at]) memcpy(state->packed[at], (char *)call->node->inputs[1].data + at * half, half);
      }
      if (call->node->inputs[1].dims[0] == 8) return oneiro_say(call->why, ONEIRO_FAILED, "eight is too many");
      return ONEIRO_OK;
    }
    static int32_t compute(const oneiro_call *call) {
      const pieces *state = call->state;
      const float *a = call->inputs[0].data;
      float *y = call->outputs[0].data;
      int64_t count = oneiro_element_count(&call->outputs[0]);
      for (int64_t i = 0; i < count; i++) {
        int at = i >= count / 2;
        y[i] = a[i] + state->packed[at][i - at * (count / 2)] * (state->is_filled[at] ? 2 : 1);
      }
      return ONEIRO_OK;
    }
    int32_t oneiro_plugin_register(const oneiro_host *host) {
      oneiro_kernel kernel = {.struct_size = sizeof kernel, .since_version = 14, .op_type = "Add", .domain = "", .isa = "c",
                              .supports = supports, .prepare = prepare, .compute = compute, .release = free};
      return host->add_kernel(host->context, &kernel);
    }
    """

  private static func graph(_ count: Int) -> Graph {
    var graph = Graph(
      "g", inputs: [ValueInfo("a", .tensor(.float32, dims: [count]))], outputs: [ValueInfo("y", nil)],
      nodes: [Node("Add", name: "sum", inputs: ["a", "b"], outputs: ["y"])])
    graph.addInitializer("b", Tensor((0..<count).map(Float.init), dims: [count]))
    return graph
  }

  private static func plan(_ graph: Graph, _ library: String, _ packed: PackedWeights?) throws -> ExecutionPlan {
    let planner = Planner(backend: try Backend(library), threads: 1, packed: packed)
    return try planner.plan(graph, inputs: ["a": graph.inputs[0].type!.tensorType!])
  }

  private static func run(_ plan: ExecutionPlan) throws -> [Float] {
    var session = try Session(plan)
    let count = plan.inputs[0].dims[0]
    return try session.run(["a": Tensor([Float](repeating: 100, count: count), dims: [count])])["y"]!
      .elements(of: Float.self)
  }

  @Test("Pieces are found in the order and by the words in which they were asked for") func pieces() throws {
    let folder = try TemporaryFolder()
    let filed = try FiledGraph(Self.graph(6), in: folder)
    func library(_ what: String) throws -> String {
      try CCompiler.build("libpieces", Self.source.replacingOccurrences(of: "WHAT", with: what))
    }
    let plain = try library("NULL"), fresh: [Float] = [100, 101, 102, 103, 104, 105]
    for expected in [fresh, [100, 102, 104, 106, 108, 110]] {
      let packed = PackedWeights(folder: folder.file("cache"), smallestByteCount: 1)
      #expect(try Self.run(try Self.plan(filed.graph, plain, packed)) == expected)
      #expect(packed.save() == nil)
    }
    // Another build of the plugin, and other words.
    for what in ["NULL", "\"rows\""] {
      let packed = PackedWeights(folder: folder.file("cache"), smallestByteCount: 1)
      #expect(try Self.run(try Self.plan(filed.graph, try library(what), packed)) == fresh)
    }
    // Who keeps nothing gives nothing.
    let step = try #require(try Self.plan(filed.graph, plain, nil).steps.first)
    #expect(step.kernel.source != "pieces" && step.declined.map(\.reason).first == "no memory is given")
  }

  @Test("What a kernel packed that could not be prepared is not kept") func failure() throws {
    let folder = try TemporaryFolder()
    let filed = try FiledGraph(Self.graph(8), in: folder)
    let path = try CCompiler.build("libeight", Self.source.replacingOccurrences(of: "WHAT", with: "NULL"))
    let packed = PackedWeights(folder: folder.file("cache"), smallestByteCount: 1)
    let error = #expect(throws: RunError.self) { _ = try Self.plan(filed.graph, path, packed) }
    #expect("\(try #require(error))".hasSuffix("cannot be prepared: eight is too many"))
    #expect(packed.save() == nil && packed.byteCounts == (0, 0))
  }
}
