import COneiroKernel
import OneiroGraph

/// Finds the fastest of several kernels for a node by running each on made-up data, once for nodes that are alike.
struct KernelTuner {
  let tuning: Tuning
  let threads: Int
  /// Bytes that the process may have resident; `nil`: as many as it takes.
  let maxMemory: Int?
  /// Whether the winner is prepared once more, with what is kept of packed weights at hand. Losers have no part in that.
  let keepsPacked: Bool
  /// Runs after one that warms the caches, fewer where they are long.
  private static let runs = 3

  struct Offer {
    let kernel: PluginKernel
    let plugin: KernelPlugin
    let node: BoundNode
    let relativeTime: Double

    /// Changes with whatever may change how fast it is.
    var identity: String { "\(kernel.source) \(kernel.isa) \(kernel.method ?? "")" }
  }

  enum Choice {
    case prepared(any PreparedKernel)
    /// None of them was timed: the offers in the order they are to be tried.
    case order([Offer])
  }

  /// - offers: all take the node; the first is the backend's first choice.
  /// - canRun: whether the constants are there to be run with.
  func choose(among offers: [Offer], label: String, canRun: Bool) -> Choice {
    // A stable sort: of equal promises the first is kept.
    let sorted = offers.indices.sorted { (offers[$0].relativeTime, $0) < (offers[$1].relativeTime, $1) }
      .map { offers[$0] }
    guard tuning != .off, let first = sorted.first else { return .order(sorted) }
    let rivals = sorted.filter { $0.relativeTime <= first.relativeTime * tuning.reach }
    guard rivals.count > 1 else { return .order(sorted) }
    let isPackedAnew = isPackedAnew(rivals), key = key(of: rivals, isPackedAnew: isPackedAnew)
    let cache = TuningCache.shared
    if let known = cache.recall(key) {
      guard let best = sorted.firstIndex(where: { $0.identity == known }) else { return .order(sorted) }
      return .order([sorted[best]] + sorted[..<best] + sorted[(best + 1)...])
    }
    guard canRun, cache.secondsSpent < tuning.budget,
      hasRoom(for: rivals, isPackedAnew: isPackedAnew)
    else { return .order(sorted) }
    let start = ContinuousClock.now
    defer { cache.spend((ContinuousClock.now - start) / .seconds(1)) }
    guard let rehearsal = Rehearsal(first.node, threads: threads) else { return .order(sorted) }
    let best = winner(of: rivals, rehearsal, label: label, isPackedAnew: isPackedAnew)
    guard let best else { return .order(sorted) }
    cache.remember(key, best.entrant.identity)
    guard keepsPacked else { return .prepared(best.runner.kernel) }
    return .order([best.entrant] + sorted.filter { $0.identity != best.entrant.identity })
  }

  /// A rival that is ready to be timed.
  private struct Entrant {
    let kernel: any PreparedKernel
    /// Seconds before each run of it; 0 where weights stay packed.
    let packing: Double
  }

  /// - Returns: `nil` where none of them runs.
  private func winner(
    of rivals: [Offer], _ rehearsal: Rehearsal, label: String, isPackedAnew: Bool
  ) -> (entrant: Offer, runner: Entrant)? {
    // One that fails is no rival; if it is needed, it says so where it is prepared for good.
    func prepare(_ rival: Offer) -> (any PreparedKernel)? {
      let answer = try? rival.kernel.prepare(rival.node, label: label, threads: threads, tuning: tuning, packed: nil)
      return if case .prepared(let kernel) = answer { kernel } else { nil }
    }
    return KernelRace.winner(of: rivals) { rival, toBeat -> (Entrant, Double)? in
      guard let kernel = prepare(rival),
        let seconds = try? rehearsal.seconds(kernel, toBeat: toBeat, runs: Self.runs, enough: KernelRace.enough)
      else { return nil }
      var packing = 0.0
      if isPackedAnew, seconds.isFinite {
        // The second time, when what a library compiles is there.
        rival.node.bringBack()
        let start = ContinuousClock.now
        guard prepare(rival) != nil else { return nil }
        packing = (ContinuousClock.now - start) / .seconds(1)
      }
      return (Entrant(kernel: kernel, packing: packing), seconds + packing)
    } again: { entrant in
      // A rival that has packed them has set constants aside.
      rivals[0].node.bringBack()
      return rehearsal.secondsAgain(entrant.kernel) + entrant.packing
    }
  }

  /// Whether the kernels are prepared for each run, so that the time to pack constants counts. Between kernels that round
  /// in different ways it does not: with a bound on memory the choice is that without, so that results are the same.
  private func isPackedAnew(_ rivals: [Offer]) -> Bool {
    maxMemory != nil && !keepsPacked && rivals[0].node.constantByteCount >= StreamedKernel.smallestByteCount
      && !rivals.contains { $0.kernel.isApproximate }
  }

  /// Whether they can be run beside each other with what is in memory already.
  private func hasRoom(for rivals: [Offer], isPackedAnew: Bool) -> Bool {
    guard let maxMemory else { return true }
    let node = rivals[0].node, packed = rivals.map { $0.kernel.mostPackedByteCount(of: node) }
    // All of them have packed the constants, from pages that are there, and one of them once more.
    let weights = packed.reduce(node.constantByteCount, +) + (isPackedAnew ? packed.max() ?? 0 : 0)
    return ProcessMemory.residentByteCount + Rehearsal.byteCount(of: node) + weights <= maxMemory
  }

  /// What a choice depends on: the node's operator, attributes and shapes, which inputs are constant, and who is asked.
  private func key(of offers: [Offer], isPackedAnew: Bool) -> String {
    let rivals = offers.map { "\($0.identity) \($0.plugin.remarks.joined(separator: " "))" }
    let way = isPackedAnew ? ", packed in each run" : ""
    return "\(offers[0].node.signature), \(threads) threads\(way): \(rivals.joined(separator: "; "))"
  }
}
