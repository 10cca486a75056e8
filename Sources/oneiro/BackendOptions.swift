import ArgumentParser
import OneiroDream
import OneiroGraph
import OneiroPasses
import OneiroRuntime

/// Which kernels run, and how wide: the options of every command that runs a graph.
struct BackendOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Kernels to use: onednn, openblas, vector, reference, a path to a .so, or a list by role or operator.",
      discussion: "For example: --backend onednn,unet=vector,Conv=openblas", valueName: "name"))
  var backend: String = Backend.defaultName

  @Option(
    help: ArgumentHelp("Threads to use; the default is what affinity mask and control group allow.", valueName: "n"))
  var threads: Int = Threads.available

  @Flag(help: "Refuse to run a node on any other kernels than those asked for.")
  var strict = false

  @Option(
    help: ArgumentHelp(
      "standard, or strict: no kernel that rounds more than the operator's definition, such as Winograd's convolution.",
      valueName: "precision"))
  var precision = Backend.Precision.standard

  @Option(
    help: ArgumentHelp(
      "What may be timed to find the fastest kernels: off, quick (seconds, once on a machine) or full.",
      valueName: "how much"))
  var tuning = Tuning.quick

  @Option(
    help: ArgumentHelp(
      "Passes that are left out, or all: see oneiro dump --list-passes.", valueName: "pass,..."))
  var skip: CommaList<String>?

  @Option(
    help: ArgumentHelp("Apply no more than this many patches; halving it finds one that does harm.", valueName: "n"))
  var stopAfter: Int?

  func validate() throws {
    try BackendNames.check(backend, option: "--backend")
    if let stopAfter, stopAfter < 0 { throw ValidationError("--stop-after: expected 0 or more, found \(stopAfter)") }
    do { _ = try RewriteSettings(skipping: skip?.values ?? []) } catch { throw ValidationError("--skip: \(error)") }
    guard (1...1024).contains(threads) else {
      throw ValidationError("--threads: expected 1 ... 1024, found \(threads)")
    }
  }

  /// The kernels that were asked for, loaded.
  func load() throws -> Backend {
    let loaded = try Backend(backend, isStrict: strict, precision: precision)
    InstructionSetWish.warn(of: loaded)
    Log.shared.info("kernels are asked in the order \(loaded.order), on \(threads) threads")
    return loaded
  }

  /// More threads than this only wait for each other.
  var usefulThreads: Int {
    let limit = 4 * Threads.available
    if threads > limit { Log.shared.notice("--threads \(threads): \(limit) are used, four for each processor") }
    return min(threads, limit)
  }

  /// What may be timed, with what earlier runs have found at hand.
  var openedTuning: Tuning {
    if tuning != .off, let folder = CacheFolder.standard { TuningCache.shared.open(folder: folder) }
    return tuning
  }

  func planner(maxMemory: Int? = nil, packed: PackedWeights? = nil) throws -> Planner {
    try planner(threads: usefulThreads, tuning: openedTuning, maxMemory: maxMemory, packed: packed)
  }

  func planner(
    threads: Int, tuning: Tuning, maxMemory: Int? = nil, packed: PackedWeights? = nil
  ) throws -> Planner {
    Planner(
      backend: try load(), hostOperators: [DenoiseOperator.self], threads: threads, tuning: tuning,
      rewrites: try rewrites, maxMemory: maxMemory, packed: packed)
  }

  /// Says when there were fewer patches than --stop-after asks for, which is seldom meant.
  /// - patches: how many were applied.
  func checkStopAfter(_ patches: Int) {
    guard let stopAfter, stopAfter > patches else { return }
    let all = counted(patches, "patch", plural: "patches")
    Log.shared.warning("--stop-after \(stopAfter) left nothing out: \(all) applied in all")
  }

  var rewrites: RewriteSettings {
    get throws { try RewriteSettings(skipping: skip?.values ?? [], stopAfter: stopAfter) }
  }
}

extension Backend.Precision: ExpressibleByArgument {}
extension Tuning: ExpressibleByArgument {}
