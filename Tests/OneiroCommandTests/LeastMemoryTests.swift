import Foundation
import Testing

/// The least bound that a refusal names is one that works, and there is none that is much smaller.
@Suite("--max-memory names what is needed") struct LeastMemoryTests {
  private let unet = Program.repository.appendingPathComponent("Models/parts/unet.onnx").path

  private func bench(_ limit: Double, _ backend: String, threads: Int) throws -> Program.Result {
    // Which kernels are timed hangs on what there is room for.
    let options = ["--backend", backend, "--threads", "\(threads)", "--tuning", "off"]
    return try Program.run(
      ["bench", unet, "--runs", "1", "--warmup", "0", "--verbose", "--max-memory", "\(limit)M"] + options)
  }

  /// Tenths of MiB that a refusal names: the sum, then its parts.
  private func tenths(_ errors: String) throws -> [Int] {
    let found = try #require(errors.split(separator: "found ").last)
    return found.matches(of: /([0-9]+)\.([0-9]) MiB/).compactMap { Int("\($0.1)\($0.2)") }
  }

  @Test(arguments: ["vector", "openblas", "onednn"], [1, 2]) func least(backend: String, threads: Int) throws {
    let refused = try bench(1, backend, threads: threads)
    #expect(refused.status == 1 && refused.errors.contains("the program alone ("), "\(refused.errors)")
    #expect(!refused.errors.contains("node \""), "\(refused.errors)")
    let tenths = try tenths(refused.errors)
    #expect(tenths.count == 5 && tenths[0] == tenths[1...].reduce(0, +), "\(refused.errors)")
    let least = Double(try #require(tenths.first)) / 10
    let held = try bench(least, backend, threads: threads)
    #expect(held.status == 0, "\(held.errors)")
    let taken = try #require(held.errors.firstMatch(of: /peak ([0-9.]+) MiB, as taken/).flatMap { Double($0.1) })
    #expect(taken <= least && taken > least - 6, "\(taken) of \(least)")
    // Two processes that do the same have differed by 0.8 MiB.
    let less = try bench(least - 2, backend, threads: threads)
    #expect(less.status == 1, "\(less.errors)")
    #expect(try abs(self.tenths(less.errors)[0] - tenths[0]) <= 10, "\(less.errors) \(refused.errors)")
  }
}
