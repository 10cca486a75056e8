import OneiroGraph

/// The most memory that the process will have while it runs a plan, told before the first step.
///
/// Heap is what it is by then: the program, the graph, what kernels have packed, and what libraries take when they are first
/// called. Pages come when they are touched: those of the arena, of the results, and of weights that steps read from their
/// file in every run. Of a plan that is held to a bound, it is what the step takes that needs most.
public struct MemoryForecast: Sendable, CustomStringConvertible {
  /// Resident already, weights in mapped files left out.
  public let program: Int
  /// The arena and the results; under a bound what has been touched of them by then, and the caller's inputs.
  public let values: Int
  /// Weights in their files: what steps read there, and what is resident of the rest. Under a bound those of one step,
  /// and what is packed of weights.
  public let weights: Int
  /// What has been resident on the way to here.
  private let soFar: Int
  /// The bound that the plan is held to.
  private let limit: Int?

  /// Of a plan that no session runs yet.
  public init(_ plan: ExecutionPlan) {
    limit = plan.maxMemory
    if let limit {
      let need = MemoryBudget(limit: limit).needWithKept(of: plan)
      (program, values, weights, soFar) = (need.program, need.values, need.weights, ProcessMemory.peakByteCount)
      return
    }
    // For a plan that is held to a bound they have been made before.
    FirstCalls.make(of: plan)
    let constants = MappedConstants(plan), resident = ProcessMemory.residentByteCount
    (weights, program) = { ($0.whenRead, resident - $0.now) }(constants.residentByteCounts)
    // A file may claim more than any machine has, and a sum of that overflow.
    let most = ArenaLayout.largestByteCount
    values = plan.outputs.reduce(min(plan.arenaByteCount, most)) { min($0 + min($1.byteCount, most), most) }
    soFar = ProcessMemory.peakByteCount
  }

  /// Bytes of the process at its peak.
  public var peak: Int { max(soFar, program + values + weights) }

  /// `peak 3.4 GiB: program 2.4 GiB, values 80.3 MiB, weights in files 929.5 MiB`; under a bound
  /// `peak 165.0 MiB of 200.0 MiB: program 46.2 MiB, values 43.2 MiB, weights 75.6 MiB`
  public var description: String {
    "peak \(ByteCount(peak))\(limit.map { " of \(ByteCount($0))" } ?? ""): program \(ByteCount(program)), "
      + "values \(ByteCount(values)), weights\(limit == nil ? " in files" : "") \(ByteCount(weights))"
  }
}

/// Constants of a plan, and of plans inside its steps, that lie in files. What a run reads of them is brought into memory,
/// since how much comes with it, as the system's cache keeps it together, is not known before.
private struct MappedConstants {
  /// Where some kernel reads them.
  private var read: [Range<UInt>] = []
  /// Where each begins, also those that kernels have packed.
  private var starts: [UInt] = []

  init(_ plan: ExecutionPlan) { collect(plan) }

  private mutating func collect(_ plan: ExecutionPlan) {
    for step in plan.steps {
      for (index, operand) in step.inputs.enumerated() {
        guard case .constant(let constant) = operand?.location,
          let storage = plan.constants[constant].stored?.storage, storage.isMappedFile
        else { continue }
        let address = UInt(bitPattern: storage.bytes.baseAddress)
        starts.append(address)
        let isPacked = index < 64 && step.kernel.packedInputs >> UInt64(index) & 1 == 1
        guard !isPacked else { continue }
        storage.bringIn()
        read.append(address..<address + UInt(storage.byteCount))
      }
      if let body = (step.kernel as? any PlannedBody)?.bodyPlan { collect(body) }
    }
  }

  /// What is in memory of the files that hold the constants: now, and when all that is read has been.
  var residentByteCounts: (now: Int, whenRead: Int) {
    var sum = (now: 0, whenRead: 0)
    for addresses in ProcessMemory.mappings() where starts.contains(where: addresses.contains) {
      let parts = read.filter { $0.overlaps(addresses) }.map { $0.clamped(to: addresses) }
      guard var pages = ProcessMemory.pages(of: addresses) else {
        sum.whenRead += parts.reduce(0) { $0 + $1.count }
        continue
      }
      sum.now += pages.residentByteCount
      for bytes in parts { pages.read(bytes) }
      sum.whenRead += pages.residentByteCount
    }
    return sum
  }
}
