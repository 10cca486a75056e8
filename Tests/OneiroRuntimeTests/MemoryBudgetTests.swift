import Foundation
import OneiroConformance
import OneiroGraph
import OneiroRuntime
import Testing

@Suite("Plans are held to an amount of memory") struct MemoryBudgetTests {
  private static let graph = TwoProducts.graph(seeds: (1, 1))

  private func runner(_ backend: String, _ maxMemory: Int?) throws -> GraphRunner {
    GraphRunner(Self.graph, planner: Planner(backend: try Backend(backend), threads: 2, maxMemory: maxMemory))
  }

  @Test("Weights that are packed for each run give the same numbers", arguments: ["onednn", "openblas", "vector"])
  func streams(backend: String) throws {
    let x = Value.tensor(.random([3, 256], seed: 4))
    let expected = try runner(backend, nil).run(["x": x])["y"]?.tensor
    // Far more than is needed, and so little beside what tests have in memory already that nothing can be kept.
    let held = try runner(backend, 1 << 50)
    for _ in 0..<2 { #expect(try held.run(["x": x])["y"]?.tensor?.doubles() == expected?.doubles()) }
  }

  /// MiB in the order in which a refusal names them: the bound, the sum, its parts.
  private func amounts(_ text: String) -> [Double] {
    text.matches(of: /([0-9.]+) MiB/).compactMap { Double($0.1) }
  }

  @Test("What cannot be met is refused with the node that needs most, and parts that add up") func refuses() throws {
    let type = TensorType(.float32, dims: [1 << 28, 4])
    let graph = Graph(
      "g", inputs: [ValueInfo("x", .tensor(type))], outputs: [ValueInfo("y", nil)],
      nodes: [
        Node("Tanh", name: "first", inputs: ["x"], outputs: ["t"]),
        Node("ReduceSum", name: "last", inputs: ["t"], outputs: ["y"]),
      ])
    // Beside which a process of tests is small.
    for limit in [1 << 32, 3 << 31] {
      let planner = Planner(backend: try Backend("vector"), threads: 1, maxMemory: limit)
      let plan = try planner.plan(graph, inputs: ["x": type])
      let error = #expect(throws: RunError.self) { try plan.checkMemory() }
      let text = "\(try #require(error))"
      #expect(text.hasPrefix("node \""), "\(text)")
      let amounts = amounts(text.split(separator: "found ").last.map(String.init) ?? "")
      #expect(amounts.count == 5 && amounts[0] > 8192, "\(text)")
      #expect(Int((amounts[0] * 10).rounded()) == amounts[1...].reduce(0) { $0 + Int(($1 * 10).rounded()) }, "\(text)")
    }
  }

  @Test("Where there is no room for the program, no node is to blame") func refusesTheProgram() throws {
    let runner = try runner("vector", 1 << 20)
    let error = #expect(throws: RunError.self) { _ = try runner.run(["x": .tensor(.random([3, 256]))]) }
    let text = "\(try #require(error))"
    #expect(text.hasPrefix("memory: expected at most 1.0 MiB, found "), "\(text)")
    #expect(text.contains(": the program alone (") && text.contains(") takes ") && !text.contains("node"), "\(text)")
    #expect(text.contains("for values") && text.contains("for weights"), "\(text)")
  }

  @Test("An arena that fills late counts late") func touched() throws {
    let column = TensorType(.float32, dims: [2048, 1]), row = TensorType(.float32, dims: [1, 4096])
    let graph = Graph(
      "g", inputs: [ValueInfo("x", .tensor(column)), ValueInfo("r", .tensor(row))], outputs: [ValueInfo("y", nil)],
      nodes: [
        Node("Tanh", inputs: ["x"], outputs: ["t"]),
        Node("MatMul", inputs: ["t", "r"], outputs: ["m"]),
        Node("ReduceSum", inputs: ["m"], outputs: ["y"]),
      ])
    let plan = try Planner(backend: try Backend.reference, threads: 1).plan(graph, inputs: ["x": column, "r": row])
    let counts = plan.touchedByteCounts, large = 2048 * 4096 * 4
    #expect(plan.steps.map(\.node.opType) == ["Tanh", "MatMul", "ReduceSum"])
    #expect(counts.count == 3 && counts[0] < large && counts[1] >= large && counts[2] >= counts[1])
    #expect(counts[2] < plan.arenaByteCount + Int(MappedPages.pageByteCount))
    // The inputs and the first result, each in a large page at most.
    #expect(counts[0] <= 3 * LargePages.size)
  }

  @Test("Of an arena that is too small for large pages whole small ones count") func small() throws {
    let type = TensorType(.float32, dims: [1, 64])
    let graph = Graph(
      "g", inputs: [ValueInfo("x", .tensor(type))], outputs: [ValueInfo("y", nil)],
      nodes: [Node("Tanh", inputs: ["x"], outputs: ["y"])])
    let plan = try Planner(backend: try Backend.reference, threads: 1).plan(graph, inputs: ["x": type])
    #expect(plan.touchedByteCounts == [Int(MappedPages.pageByteCount)])
  }

  @Test("Large memory begins where a large page does, and is given back as a whole") func largePages() throws {
    for byteCount in [LargePages.smallest, LargePages.smallest + 12_345, 9 * LargePages.size - 1] {
      let memory = try #require(LargePages.allocate(byteCount))
      #expect(UInt(bitPattern: memory) % UInt(LargePages.size) == 0)
      let bytes = memory.bindMemory(to: UInt8.self, capacity: byteCount)
      (bytes[0], bytes[byteCount - 1]) = (1, 2)
      #expect(bytes[0] == 1 && bytes[byteCount - 1] == 2 && bytes[byteCount / 2] == 0)
      LargePages.giveBack(memory, byteCount)
      #expect(bytes[0] == 0)
      LargePages.free(memory, byteCount)
    }
    #expect(LargePages.allocate(.max) == nil)
  }

  /// A MatMul that packs its constant into as much memory, and takes `TEMPORARY` more meanwhile.
  private static let packing = """
    #include "oneiro_kernel.h"
    #include <stdlib.h>
    static int32_t supports(const oneiro_node *node, oneiro_text *why) { return ONEIRO_OK; }
    static int32_t prepare(oneiro_call *call) {
      size_t count = call->inputs[1].byte_count;
      char *passing = malloc(TEMPORARY);
      for (size_t i = 0; i < TEMPORARY; i += 4096) ((volatile char *)passing)[i] = 1;
      call->state = memcpy(malloc(count), call->inputs[1].data, count);
      free(passing);
      return ONEIRO_OK;
    }
    static void release(void *state) { free(state); }
    static int32_t compute(const oneiro_call *call) {
      float *y = call->outputs[0].data;
      memset(y, 0, call->outputs[0].byte_count);
      y[0] = ((const float *)call->state)[0];
      return ONEIRO_OK;
    }
    int32_t oneiro_plugin_register(const oneiro_host *host) {
      oneiro_kernel kernel = {.struct_size = sizeof kernel, .since_version = 13, .op_type = "MatMul", .domain = "", .isa = "c",
                              .supports = supports, .prepare = prepare, .compute = compute, .release = release};
      return host->add_kernel(host->context, &kernel);
    }
    """

  @Test(
    "What a kernel takes while it packs counts as it was seen to be",
    .enabled(if: CCompiler.path != nil, "needs a C compiler"))
  func packs() throws {
    let weights = 16 << 20, others = 16 << 20
    for temporary in [0, 256 << 20] {
      let source = "#define TEMPORARY \(temporary)u\n" + Self.packing
      let backend = try Backend(try CCompiler.build("libpacking", source))
      var graph = Graph(
        "g", inputs: [ValueInfo("x", .tensor(.float32, dims: [1, 1024]))], outputs: [ValueInfo("y", nil)],
        nodes: [Node("MatMul", name: "packed", inputs: ["x", "w"], outputs: ["y"])])
      graph.addInitializer("w", .random([1024, 4096]))
      func plan(_ maxMemory: Int) throws -> ExecutionPlan {
        try Planner(backend: backend, threads: 1, maxMemory: maxMemory).plan(
          graph, inputs: ["x": TensorType(.float32, dims: [1, 1024])])
      }
      // So little that nothing stays, and room for all that is packed.
      for maxMemory in [1 << 20, 1 << 40] {
        #expect(
          try lastFault {
            let forecast = MemoryForecast(try plan(maxMemory))
            return abs(forecast.weights - weights - temporary) < others ? nil : "\(forecast)"
          } == nil)
      }
    }
  }

  @Test(
    "Packed weights that are too small to come and go count all of them",
    .enabled(if: CCompiler.path != nil, "needs a C compiler"))
  func packsLittle() throws {
    let backend = try Backend(try CCompiler.build("libsmall", "#define TEMPORARY 0u\n" + Self.packing)), count = 64
    // Too much to be run once while planning, when what is packed would come to stay.
    let type = TensorType(.float32, dims: [5000, 110])
    var graph = Graph(
      "g", inputs: [ValueInfo("v0", .tensor(type))], outputs: [ValueInfo("v\(count)", nil)],
      nodes: (0..<count).map { Node("MatMul", name: "n\($0)", inputs: ["v\($0)", "w"], outputs: ["v\($0 + 1)"]) })
    graph.addInitializer("w", .random([110, 110]))
    #expect(
      try lastFault {
        let plan = try Planner(backend: backend, threads: 1, maxMemory: 1 << 20).plan(graph, inputs: ["v0": type])
        let forecast = MemoryForecast(plan)
        return forecast.weights >= count * 110 * 110 * 4 / 2 ? nil : "\(forecast)"
      } == nil)
  }

  /// What was wrong in all of many tries: other tests take and give back memory of the same process meanwhile.
  private func lastFault(_ fault: () throws -> String?) rethrows -> String? {
    var found: String?
    for _ in 0..<40 {
      found = try fault()
      guard found != nil else { return nil }
      usleep(20_000)
    }
    return found
  }
}
