import Foundation
import OneiroDream
import OneiroGraph
import OneiroTestSupport
import Testing

/// The test starts itself once more with a `malloc` in front of the C library's that counts.
@Suite("Samplers allocate nothing from step to step") struct SamplerAllocationTests {
  private static let report = "ONEIRO_TEST_SAMPLER_ALLOCATIONS"
  private static let compiler = ["/usr/bin/clang", "/usr/bin/cc", "/usr/bin/gcc"].first(
    where: FileManager.default.isExecutableFile)

  /// The allocations of the calling thread so far; `nil` without the counting library.
  private static let counter: (@convention(c) () -> Int)? =
    dlsym(nil, "oneiro_test_sampler_allocations").map { unsafeBitCast($0, to: (@convention(c) () -> Int).self) }

  private static let counting = """
    #include <errno.h>
    #include <stddef.h>
    extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
    extern void *__libc_memalign(size_t, size_t);
    static __thread long count __attribute__((tls_model("initial-exec")));
    long oneiro_test_sampler_allocations(void) { return count; }
    void *malloc(size_t size) { count++; return __libc_malloc(size); }
    void *calloc(size_t n, size_t size) { count++; return __libc_calloc(n, size); }
    void *realloc(void *old, size_t size) { count++; return __libc_realloc(old, size); }
    int posix_memalign(void **memory, size_t alignment, size_t size) {
      count++;
      *memory = __libc_memalign(alignment, size);
      return *memory ? 0 : ENOMEM;
    }
    """

  @Test(.enabled(if: compiler != nil, "needs a C compiler")) func everySampler() throws {
    if let counter = Self.counter { return try measure(counter) }
    let folder = try TemporaryFolder(), source = try folder.write(Self.counting, to: "counting.c")
    let library = folder.file("counting.so"), written = folder.file("report")
    try run(
      try #require(Self.compiler), ["-shared", "-fPIC", "-O1", "-o", library, source],
      [:])
    try run(
      URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().path(),
      ["--testing-library", "swift-testing", "--filter", "SamplerAllocationTests"],
      ["LD_PRELOAD": library, Self.report: written])
    let report = try String(contentsOfFile: written, encoding: .utf8)
    #expect(report == SamplerKind.allCases.map { "\($0.rawValue): 0 of steps, some before\n" }.joined())
  }

  private func run(_ program: String, _ arguments: [String], _ environment: [String: String]) throws {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
  }

  /// Twenty steps with guidance and, where a sampler takes it, fresh noise, but for what the first step allocates.
  private func measure(_ counter: @convention(c) () -> Int) throws {
    var report = ""
    let (count, batch) = (2 * 64, 4)
    let sample = UnsafeMutableBufferPointer<Float>.allocate(capacity: 2 * count)
    let timestep = UnsafeMutableBufferPointer<Int64>.allocate(capacity: batch)
    defer {
      sample.deallocate()
      timestep.deallocate()
    }
    sample.initialize(repeating: 0)
    timestep.initialize(repeating: 0)
    for kind in SamplerKind.allCases {
      let start = counter()
      var constants = SchedulerConstants(betaStart: 0.00085, betaEnd: 0.012, latentScale: 1)
      constants.sampler = kind
      constants.steps = 20
      constants.guidance = 3
      constants.eta = kind.takesEta ? 1 : 0
      let node = Node(
        "Denoise", domain: Model.oneiroDomain, inputs: ["noise"], outputs: ["latent"], attributes: constants.attributes)
      var loop = try DenoiseLoop(
        DenoiseSettings(node),
        memory: .init(sample: sample, timestep: timestep, epsilon: UnsafeBufferPointer(sample)))
      var noise = FreshNoise(count: 2)
      noise.start(seed: 1, first: 0)
      let numbers = [Float](repeating: 0.5, count: count)
      var latent = numbers
      var first = 0, last = 0
      numbers.withUnsafeBufferPointer { numbers in
        latent.withUnsafeMutableBufferPointer { latent in
          loop.run(from: numbers, to: latent) {
            noise.fill($0)
          } predict: {
          } progress: { done, _ in
            if done == 1 { first = counter() }
            last = counter()
          }
        }
      }
      report += "\(kind.rawValue): \(last - first) of steps, \(first > start ? "some" : "none") before\n"
    }
    let path = try #require(ProcessInfo.processInfo.environment[Self.report])
    try report.write(toFile: path, atomically: true, encoding: .utf8)
  }
}
