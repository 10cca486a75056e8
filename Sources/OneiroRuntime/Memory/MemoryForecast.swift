import OneiroGraph

/// The most memory that the process will have while it runs a plan, told before the first step.
///
/// Heap is what it is by then: the program, the graph, and what kernels have packed. Pages come when they are touched:
/// those of the arena, of the results, and of weights that steps read from their file in every run.
public struct MemoryForecast: Sendable, CustomStringConvertible {
  /// Resident already, weights in mapped files left out.
  public let program: Int
  /// The arena and the results.
  public let values: Int
  /// Weights that are read where they are in their file.
  public let mappedWeights: Int
  /// What has been resident on the way to here.
  private let soFar: Int
  /// The bound that the plan is held to.
  private let limit: Int?

  /// Of a plan that no session runs yet.
  public init(_ plan: ExecutionPlan) {
    let constants = MappedConstants(plan)
    program = ProcessMemory.residentByteCount - constants.residentByteCount
    // A file may claim more than any machine has, and a sum of that overflow.
    let most = ArenaLayout.largestByteCount
    values = plan.outputs.reduce(min(plan.arenaByteCount, most)) { min($0 + min($1.byteCount, most), most) }
    mappedWeights = constants.byteCount
    soFar = ProcessMemory.peakByteCount
    limit = plan.maxMemory
  }

  /// Bytes of the process at its peak; the bound itself for a plan that is held to one.
  public var peak: Int { max(soFar, limit ?? program + values + mappedWeights) }

  /// `peak 3.4 GiB: program 2.4 GiB, values 80.3 MiB, weights in files 929.5 MiB`
  public var description: String {
    if let limit { return "peak at most \(ByteCount(limit))" }
    return "peak \(ByteCount(peak)): program \(ByteCount(program)), values \(ByteCount(values)), "
      + "weights in files \(ByteCount(mappedWeights))"
  }
}

/// Constants of a plan, and of plans inside its steps, that lie in files.
private struct MappedConstants {
  /// Sorted by address, those that some kernel reads where they are, and all.
  private var read: [Range<UInt>] = []
  private var all: [UInt] = []

  /// A page that is read brings in those around it, if they are in the page cache: as many as Linux takes together
  /// (`fault_around_bytes`, where nobody has changed it).
  private static let pagesTogether: UInt = 65_536

  init(_ plan: ExecutionPlan) {
    collect(plan)
    read.sort { $0.lowerBound < $1.lowerBound }
    all.sort()
  }

  private mutating func collect(_ plan: ExecutionPlan) {
    for step in plan.steps {
      for (index, operand) in step.inputs.enumerated() {
        guard case .constant(let constant) = operand?.location,
          let storage = plan.constants[constant].stored?.storage, storage.isMappedFile
        else { continue }
        let address = UInt(bitPattern: storage.bytes.baseAddress)
        all.append(address)
        let isPacked = index < 64 && step.kernel.packedInputs >> UInt64(index) & 1 == 1
        if !isPacked { read.append(address..<address + UInt(storage.byteCount)) }
      }
      if let body = (step.kernel as? any PlannedBody)?.bodyPlan { collect(body) }
    }
  }

  /// What is in memory once all that is read has been.
  var byteCount: Int {
    var sum: UInt = 0, counted: UInt = 0
    for range in read where !range.isEmpty {
      let start = max(range.lowerBound / Self.pagesTogether * Self.pagesTogether, counted)
      let end = (range.upperBound + Self.pagesTogether - 1) / Self.pagesTogether * Self.pagesTogether
      guard start < end else { continue }
      sum += end - start
      counted = end
    }
    return Int(sum)
  }

  /// What is in memory now of the mappings that hold the constants.
  var residentByteCount: Int {
    var next = all[...]
    return ProcessMemory.mappings().reduce(0) { sum, mapping in
      next = next.drop { $0 < mapping.addresses.lowerBound }
      return sum + (next.first.map(mapping.addresses.contains) == true ? mapping.residentByteCount : 0)
    }
  }
}
