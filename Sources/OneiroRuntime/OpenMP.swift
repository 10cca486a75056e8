import Glibc

/// GNU OpenMP's run time, the threads that oneDNN runs on. Standing on the same ones keeps one pool in the process
/// instead of two that fight for the same cores.
///
/// It is loaded here, before any kernel plugin brings it in, because it reads its settings from the environment once,
/// when it is loaded.
struct OpenMP: Sendable {
  typealias Region = @convention(c) (UnsafeMutableRawPointer?) -> Void
  /// Runs a region on a number of threads, the calling one included, and returns when all have ended: what GCC compiles
  /// a parallel region into, stable since GOMP_4.0.
  let parallel: @convention(c) (Region, UnsafeMutableRawPointer?, UInt32, UInt32) -> Void
  /// Processors in this process's affinity mask.
  let processorCount: @convention(c) () -> Int32

  /// `nil` where the library is not installed: everything then runs on one thread.
  static let shared: OpenMP? = load()

  /// How often a waiting thread looks again before it goes to sleep, some tens of microseconds: longer than the gaps
  /// between the kernels of a plan. The library's own default is milliseconds, in which a thread that waits for a
  /// partner that the system has taken off its core burns that core.
  private static let spinCount = "3000"

  private static func load() -> OpenMP? {
    let isChosen = getenv("GOMP_SPINCOUNT") != nil || getenv("OMP_WAIT_POLICY") != nil
    if !isChosen { setenv("GOMP_SPINCOUNT", spinCount, 1) }
    defer { if !isChosen { unsetenv("GOMP_SPINCOUNT") } }
    guard let library = dlopen("libgomp.so.1", RTLD_NOW | RTLD_LOCAL),
      let parallel = dlsym(library, "GOMP_parallel"), let processorCount = dlsym(library, "omp_get_num_procs")
    else { return nil }
    return OpenMP(
      parallel: unsafeBitCast(
        parallel, to: (@convention(c) (Region, UnsafeMutableRawPointer?, UInt32, UInt32) -> Void).self),
      processorCount: unsafeBitCast(processorCount, to: (@convention(c) () -> Int32).self))
  }
}
