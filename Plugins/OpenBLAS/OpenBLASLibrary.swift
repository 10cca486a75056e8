import Glibc

/// Why there is no OpenBLAS to work with.
struct OpenBLASUnavailable: Error {
  let reason: String
}

/// OpenBLAS, loaded at run time: it picks its kernels while it is loaded, so the choice has to be made before that,
/// which a library that the plugin is linked to would not allow.
struct OpenBLASLibrary {
  let blas: BLAS
  /// The kernels in use, as OpenBLAS names them: "Zen".
  let coreName: String
  /// One line for `oneiro kernels`: release, threading, core type and where it comes from.
  let summary: String

  /// The soname; its number changes with OpenBLAS's ABI.
  private static let fileName = "libopenblas.so.0"

  /// Loads the library with the core type that suits this processor, and tells it to use a single thread: products
  /// are split over the host's threads instead, so that one pool does all the work.
  static func load() throws(OpenBLASUnavailable) -> OpenBLASLibrary {
    let choice = CoreTypeChoice.make()
    // Someone else in this process may have it already; then its kernels are picked and the choice comes too late.
    let wasLoaded = dlopen(fileName, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD) != nil
    // One thread from the start: the pthread build would otherwise start a pool of its own while it is loaded.
    let settings = choice.settings + [(name: "OPENBLAS_NUM_THREADS", value: "1")]
    guard let handle = Environment.with(settings, { dlopen(fileName, RTLD_NOW | RTLD_LOCAL) }) else {
      throw OpenBLASUnavailable(reason: lastLoaderError())
    }
    let symbols = Symbols(handle: handle)
    let sgemm = try symbols.required("cblas_sgemm", as: BLAS.Sgemm.self)
    let sgemv = try symbols.required("cblas_sgemv", as: BLAS.Sgemv.self)
    let config = symbols.text("openblas_get_config")
    let coreName = symbols.text("openblas_get_corename")
    let threading = symbols.threading()
    if threading != .openMP {
      typealias SetThreads = @convention(c) (Int32) -> Void
      symbols.find("openblas_set_num_threads", as: SetThreads.self)?(1)
    }
    let release = config.split(separator: " ").prefix(2).joined(separator: " ")
    let origin = wasLoaded ? "chosen before this plugin, which found OpenBLAS loaded" : choice.origin(found: coreName)
    return OpenBLASLibrary(
      blas: BLAS(sgemm: sgemm, sgemv: sgemv), coreName: coreName,
      summary: "\(release) (\(threading.rawValue)), core type \(coreName), \(origin)")
  }
}

/// How a build of OpenBLAS makes threads, from `openblas_get_parallel`.
enum OpenBLASThreading: String {
  case none = "no threads"
  case pthread = "pthread"
  /// Its thread count is the calling thread's OpenMP setting, which is the host's to change, not ours. Inside the
  /// host's parallel regions it uses one thread by itself.
  case openMP = "OpenMP"
  case unknown = "threads unknown"
}

/// The core type to ask for, and in whose name.
private enum CoreTypeChoice {
  case user(String)
  case processor(CoreType, CPUDescription)
  case leftToOpenBLAS

  private static let variable = "OPENBLAS_CORETYPE"

  static func make() -> CoreTypeChoice {
    if let value = Environment.value(of: variable) { return .user(value) }
    #if arch(x86_64) || arch(i386)
      let cpu = CPUDescription.current()
      if let best = CoreType.best(for: cpu) { return .processor(best, cpu) }
    #endif
    return .leftToOpenBLAS
  }

  var settings: [(name: String, value: String)] {
    guard case .processor(let coreType, _) = self else { return [] }
    return [(name: Self.variable, value: coreType.rawValue)]
  }

  /// Where the core type comes from, for people. `found` is what OpenBLAS says it uses, which need not be the wish.
  func origin(found: String) -> String {
    switch self {
    case .user(let name):
      return name.lowercased() == found.lowercased()
        ? "as \(Self.variable) says" : "although \(Self.variable) says \(name), which this build does not take"
    case .processor(let coreType, let cpu):
      return coreType.rawValue.lowercased() == found.lowercased()
        ? "from cpuid: \(cpu.summary)"
        : "although \(coreType.rawValue) was asked for, from cpuid: \(cpu.summary)"
    case .leftToOpenBLAS:
      return "chosen by OpenBLAS"
    }
  }
}

/// Functions of a loaded library by name.
private struct Symbols {
  let handle: UnsafeMutableRawPointer

  func find<Function>(_ name: String, as type: Function.Type) -> Function? {
    dlsym(handle, name).map { unsafeBitCast($0, to: type) }
  }

  func required<Function>(_ name: String, as type: Function.Type) throws(OpenBLASUnavailable) -> Function {
    guard let found = find(name, as: type) else { throw OpenBLASUnavailable(reason: lastLoaderError()) }
    return found
  }

  /// What a function without arguments says, or "unknown" in a build that lacks it.
  func text(_ name: String) -> String {
    typealias GetText = @convention(c) () -> UnsafePointer<CChar>?
    return find(name, as: GetText.self)?().map { String(cString: $0) } ?? "unknown"
  }

  func threading() -> OpenBLASThreading {
    typealias GetParallel = @convention(c) () -> Int32
    return switch find("openblas_get_parallel", as: GetParallel.self)?() {
    case 0: .none
    case 1: .pthread
    case 2: .openMP
    default: .unknown
    }
  }
}

/// The loader's own words about what failed last on this thread.
private func lastLoaderError() -> String {
  dlerror().map { String(cString: $0) } ?? "the loader gives no reason"
}
