import Foundation
import OneiroConformance
import Testing

@Suite("selftest") struct SelfTestTests {
  let files: Fixtures
  init() throws { files = try Fixtures() }

  /// A Relu for float32.
  /// - before: what its `compute` does before it computes `count` elements of `y` from those of `x`, and behind that.
  /// - prepare: the body of its `prepare`.
  private static func relu(before: String = "", after: String = "", prepare: String = "return ONEIRO_OK;") -> String {
    """
    #include "oneiro_kernel.h"
    #include <stdlib.h>
    #include <unistd.h>
    static int32_t supports(const oneiro_node *node, oneiro_text *why) {
      return node->inputs[0].element_type == ONEIRO_FLOAT32 ? ONEIRO_OK : oneiro_say(why, ONEIRO_UNSUPPORTED, "float32");
    }
    static int32_t prepare(oneiro_call *call) { \(prepare) }
    static int32_t compute(const oneiro_call *call) {
      const float *x = call->inputs[0].data;
      float *y = call->outputs[0].data;
      size_t count = call->outputs[0].byte_count / sizeof *y;
      \(before)
      for (size_t index = 0; index < count; index++) y[index] = x[index] < 0 ? 0 : x[index];
      \(after)
      return ONEIRO_OK;
    }
    int32_t oneiro_plugin_register(const oneiro_host *host) {
      const oneiro_kernel relu = {
        .struct_size = sizeof relu, .since_version = 14, .op_type = "Relu", .domain = "", .isa = "any",
        .supports = supports, .prepare = prepare, .compute = compute,
      };
      return host->add_kernel(host->context, &relu);
    }
    """
  }

  /// One whose element 5 is off, and that does not survive 1001 elements.
  private static let wrongRelu = relu(before: "if (count == 1001) abort();", after: "if (count > 5) y[5] = 1000;")

  private func report(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test(
    "A wrong kernel is found, and one that crashes is named", .enabled(if: Compiler.path != nil, "needs a C compiler"))
  func wrongKernel() throws {
    let library = try Compiler.library(Self.wrongRelu, in: files)
    let result = try Program.run(["selftest", "--backend", library, "--json"])
    #expect(result.status == 1, "\(result.errors)")
    let report = try report(result.output)
    #expect(report["ok"] as? Bool == false)
    let level = try #require((report["levels"] as? [[String: Any]])?.first)
    #expect(level["level"] as? String == "any" && level["plugin"] as? String == "plugin")
    #expect((level["passed"] as? Int ?? 0) > 3)
    let failures = try #require(level["failures"] as? [[String: Any]])
    let seven = try #require(failures.first { $0["case"] as? String == "7 wide" })
    #expect(seven["op"] as? String == "Relu" && seven["operands"] as? String == "float[7]")
    #expect(seven["index"] as? Int == 5 && seven["found"] as? String == "1000.0" && seven["threads"] as? Int == 1)
    let fatal = try #require(failures.first { $0["case"] as? String == "1001 wide" })
    #expect((fatal["reason"] as? String)?.contains("signal 6") == true, "\(fatal)")
    // The next process has gone on behind it.
    #expect(failures.contains { $0["case"] as? String == "moderate" })
  }

  @Test("A kernel that takes a node and cannot be made ready for it has failed", .enabled(if: Compiler.path != nil))
  func failingPrepare() throws {
    let library = try Compiler.library(
      Self.relu(prepare: "return oneiro_say(call->why, ONEIRO_FAILED, \"out of signs\");"), in: files)
    let result = try Program.run(["selftest", "--backend", library, "--json"])
    #expect(result.status == 1, "\(result.errors)")
    let report = try report(result.output)
    #expect(report["passed"] as? Int == 0 && report["failed"] as? Int ?? 0 > 3)
    let failures = try #require((report["levels"] as? [[String: Any]])?.first?["failures"] as? [[String: Any]])
    #expect(failures.allSatisfy { ($0["reason"] as? String)?.contains("cannot be prepared: out of signs") == true })
    // One that stands back from a node there has not.
    let modest = try Compiler.library(
      Self.relu(prepare: "return oneiro_say(call->why, ONEIRO_UNSUPPORTED, \"not today\");"), in: files)
    #expect(try Program.run(["selftest", "--backend", modest]).status == 0)
  }

  @Test("A process that prints without end is stopped", .enabled(if: Compiler.path != nil)) func endless() throws {
    let library = try Compiler.library(
      Self.relu(before: "while (count == 1001) puts(\"la\");"), in: files)
    let result = try Program.run(["selftest", "--backend", library, "--json"])
    #expect(result.status == 1, "\(result.errors)")
    let report = try report(result.output)
    let failures = try #require((report["levels"] as? [[String: Any]])?.first?["failures"] as? [[String: Any]])
    #expect(!failures.isEmpty && report["passed"] as? Int ?? 0 > 3)
    for failure in failures {
      #expect(failure["case"] as? String == "1001 wide", "\(failure)")
      #expect(failure["reason"] as? String == "the process printed more than 1.0 MiB: la", "\(failure)")
    }
    // Already while it is loaded.
    let loud = try Compiler.library("int oneiro_plugin_register(void) { for (;;) __builtin_puts(\"la\"); }", in: files)
    let load = try Program.run(["selftest", "--backend", loud])
    #expect(load.status == 1 && load.output.contains("not usable: \(loud): the process printed more than 1.0 MiB: la"))
  }

  @Test("One that prints now and then does not gain time", .enabled(if: Compiler.path != nil)) func slow() throws {
    let library = try Compiler.library(
      Self.relu(before: "while (count == 1001) { puts(\"la\"); fflush(stdout); usleep(100000); }"), in: files)
    let level = try #require(try InstructionSetLevel.find(ofPlugin: library, program: Program.path).first)
    let result = try SelfTest(program: Program.path, timeLimit: .seconds(3)).run(level) { _ in }
    #expect(result.failures.map { $0.failure.reason } == ["the process took longer than 3 s: la"])
    #expect(result.passed > 3)
  }

  @Test("The table names what failed, and a line counts", .enabled(if: Compiler.path != nil, "needs a C compiler"))
  func table() throws {
    let library = try Compiler.library(Self.wrongRelu, in: files)
    let result = try Program.run(["selftest", "--backend", library])
    #expect(result.status == 1)
    let lines = result.output.split(separator: "\n")
    #expect(lines.first?.hasPrefix("plugin  level  kernels") == true, "\(result.output)")
    #expect(
      lines.contains {
        $0.hasPrefix("failed: plugin any, Relu: 7 wide (float[7]): 1 thread, output y0, element 5: expected ")
          && $0.contains("found 1000.0")
      })
    #expect(lines.last?.hasPrefix("FAILED: 1 plugin, 1 level, ") == true)
  }

  @Test("A right one passes") func rightKernel() throws {
    let result = try Program.run(["selftest", "--backend", "example"])
    #expect(result.status == 0, "\(result.output)\(result.errors)")
    #expect(result.output.split(separator: "\n").last?.hasPrefix("passed: 1 plugin, 1 level, ") == true)
    let report = try report(try Program.run(["selftest", "--backend", "example", "--json"]).output)
    #expect(report["ok"] as? Bool == true && report["failed"] as? Int == 0)
  }

  @Test("Each level that Vector has is tested, and one alone where the environment says so") func levels() throws {
    let report = try report(try Program.run(["selftest", "--backend", "vector", "--json"]).output)
    let levels = try #require(report["levels"] as? [[String: Any]])
    let names = levels.compactMap { $0["level"] as? String }
    #expect(names.first == "base" && Set(names).count == names.count)
    #expect(levels.allSatisfy { $0["failed"] as? Int == 0 }, "\(levels.map { $0["failures"] ?? "" })")
    let one = try Program.run(
      "/usr/bin/env", ["ONEIRO_ISA=base", Program.path, "selftest", "--backend", "vector", "--json"])
    let limited = try self.report(one.output)["levels"] as? [[String: Any]]
    #expect(limited?.compactMap { $0["level"] as? String } == ["base"])
  }

  @Test("What is no kernel plugin is refused") func refusals() throws {
    let text = try files.write(Array("no library".utf8), to: "libnone.so")
    let result = try Program.run(["selftest", "--backend", text])
    #expect(result.status == 1 && result.output.contains("not usable: ") && result.output.contains(text))
  }
}
