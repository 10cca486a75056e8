import ArgumentParser
import OneiroRuntime

/// Whether packed weights stay from run to run.
struct PackedOption: ParsableArguments {
  @Flag(
    help:
      "Keep weights as kernels have packed them in the cache folder ($ONEIRO_CACHE), where the next run finds them: it starts sooner, and under --max-memory nothing is packed in each step. That takes up to as much disk again as the weights, and may be deleted at any time."
  )
  var keepPacked = false

  /// Does some work with what earlier runs have kept at hand, and keeps what it adds.
  func keeping(_ verbosity: VerboseOption, _ work: (PackedWeights?) throws -> Void) rethrows {
    guard keepPacked else { return try work(nil) }
    guard let folder = CacheFolder.standard else {
      Log.shared.warning("--keep-packed: there is no folder for it; ONEIRO_CACHE can name one")
      return try work(nil)
    }
    let packed = PackedWeights(folder: folder)
    defer {
      verbosity.announce(packed)
      for fault in packed.faults { Log.shared.warning("--keep-packed: weights are packed anew: \(fault)") }
      if let reason = packed.save() {
        Log.shared.warning("--keep-packed: packed weights are not kept: \(reason)")
      } else if packed.byteCounts == (0, 0) {
        Log.shared.warning(
          "--keep-packed: there was nothing to keep; it is for weights in files beside the model that a kernel packs")
      }
    }
    return try work(packed)
  }
}
