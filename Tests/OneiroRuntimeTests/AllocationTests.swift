import Foundation
import OneiroGraph
import OneiroModel
import OneiroRuntime
import Testing

/// What a session's steps allocate can only be counted by a `malloc` that counts, and that has to be there when a
/// process starts. So the test starts itself once more with one in front of the C library's, and reads what that found.
@Suite("The step loop allocates nothing") struct AllocationTests {
  private static let report = "ONEIRO_TEST_ALLOCATIONS"

  /// The allocations of the calling thread so far; `nil` without the counting library.
  private static let counter: (@convention(c) () -> Int)? =
    dlsym(nil, "oneiro_test_allocations").map { unsafeBitCast($0, to: (@convention(c) () -> Int).self) }

  private static let counting = """
    #include <errno.h>
    #include <stddef.h>
    extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
    extern void *__libc_memalign(size_t, size_t);
    static __thread long count __attribute__((tls_model("initial-exec")));
    long oneiro_test_allocations(void) { return count; }
    void *malloc(size_t size) { count++; return __libc_malloc(size); }
    void *calloc(size_t n, size_t size) { count++; return __libc_calloc(n, size); }
    void *realloc(void *old, size_t size) { count++; return __libc_realloc(old, size); }
    void *memalign(size_t alignment, size_t size) { count++; return __libc_memalign(alignment, size); }
    void *aligned_alloc(size_t alignment, size_t size) { count++; return __libc_memalign(alignment, size); }
    int posix_memalign(void **memory, size_t alignment, size_t size) {
      count++;
      *memory = __libc_memalign(alignment, size);
      return *memory ? 0 : ENOMEM;
    }
    """

  @Test("A U-Net on Vector, ten runs", .enabled(if: CCompiler.path != nil, "needs a C compiler"))
  func unet() throws {
    if let counter = Self.counter { return try measure(counter) }
    let report = FileManager.default.temporaryDirectory.appendingPathComponent(
      "oneiro-allocations-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: report) }
    let again = Process()
    again.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    again.arguments = ["--testing-library", "swift-testing", "--filter", "AllocationTests"]
    again.environment = ProcessInfo.processInfo.environment.merging(
      ["LD_PRELOAD": try CCompiler.build("counting", Self.counting), Self.report: report.path]) { $1 }
    again.standardOutput = FileHandle.nullDevice
    again.standardError = FileHandle.nullDevice
    try again.run()
    again.waitUntilExit()
    #expect(try String(contentsOf: report, encoding: .utf8) == "0 of steps, some of planning")
  }

  private func measure(_ counter: @convention(c) () -> Int) throws {
    let part = try #require(TinyModel.parts.first { $0.file == "unet.onnx" })
    let inputs = try part.inputs.mapValues { try TinyModel.load($0, trials: 1) }
    let types = inputs.mapValues { TensorType($0.elementType, dims: $0.dims) }
    let graph = try LoadedModel(path: TinyModel.folder + "/" + part.file).graph
    let start = counter()
    let plan = try Planner(backend: try Backend("vector", isStrict: true), threads: 1).plan(graph, inputs: types)
    let planning = counter() - start
    var session = try Session(plan)
    _ = try session.run(inputs)
    let options = RunOptions()
    let before = counter()
    for _ in 0..<10 { try session.execute(options) }
    let steps = counter() - before
    let text = "\(steps) of steps, \(planning > 0 ? "some" : "none") of planning"
    let path = try #require(ProcessInfo.processInfo.environment[Self.report])
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }
}
