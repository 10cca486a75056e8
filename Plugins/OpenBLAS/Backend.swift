import COneiroKernel

/// What the kernels compute with: OpenBLAS for the products, the host's threads to spread them over.
struct Backend {
  typealias Body = @convention(c) (_ argument: UnsafeMutableRawPointer?, _ index: Int) -> Void
  typealias Parallel =
    @convention(c) (
      _ threads: Int32, _ count: Int, _ body: Body?, _ argument: UnsafeMutableRawPointer?
    ) -> Void

  let blas: BLAS
  let parallel: Parallel

  /// Set by registration before the host knows of a kernel, and only read from then on. A kernel's functions are
  /// plain C pointers, so a global is the one way to reach it from `prepare`.
  nonisolated(unsafe) static var registered: Backend!

  /// Below this much arithmetic, waking another thread costs more than it saves.
  static let worthSpreading: Double = 1e6  // floating-point operations

  /// Calls `body` with `job` once for every piece, one thread a piece; a single piece stays on the calling thread.
  /// `body` gets `job` as its argument, since a C function carries no context of its own.
  func spread<Job>(_ job: Job, over pieces: Int, _ body: Body) {
    withUnsafePointer(to: job) { job in
      let argument = UnsafeMutableRawPointer(mutating: job)
      if pieces > 1 {
        parallel(Int32(pieces), pieces, body, argument)
      } else {
        body(argument, 0)
      }
    }
  }
}
