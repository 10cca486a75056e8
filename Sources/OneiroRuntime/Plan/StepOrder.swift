import OneiroGraph

/// An order of steps in which little has to be kept at a time.
///
/// Of the steps whose operands are there, the one comes next that leaves the fewest bytes alive; of equal ones the
/// first in the graph. That looks one step ahead and no further, so the result may be worse than the graph's own order:
/// whoever asks compares.
struct StepOrder {
  private struct Task {
    var waitsFor: Int
    let reads, writes: [Int]
    var readers: [Int] = []
  }
  private var tasks: [Task] = []
  private var byteCounts: [Int] = []
  /// Steps that have still to read a value, and one for a value that is handed out.
  private var pending: [Int] = []

  /// - steps: for each the values it reads and writes, views named by the value they show.
  /// - kept: values that stay to the end.
  init(steps: [(reads: [String], writes: [String])], kept: Set<String>, byteCount: (String) -> Int) {
    var indices: [String: Int] = [:]
    func index(_ name: String, _ order: inout StepOrder) -> Int {
      if let known = indices[name] { return known }
      indices[name] = order.byteCounts.count
      order.byteCounts.append(byteCount(name))
      order.pending.append(kept.contains(name) ? 1 : 0)
      return order.byteCounts.count - 1
    }
    var makers: [Int: Int] = [:]
    for (position, step) in steps.enumerated() {
      let reads = Set(step.reads).sorted().map { index($0, &self) }
      let writes = Set(step.writes).sorted().map { index($0, &self) }
      let waitsFor = Set(reads.compactMap { makers[$0] })
      for maker in waitsFor { tasks[maker].readers.append(position) }
      for value in reads { pending[value] += 1 }
      for value in writes { makers[value] = position }
      tasks.append(Task(waitsFor: waitsFor.count, reads: reads, writes: writes))
    }
  }

  /// Positions of the steps in the order in which they are to run.
  consuming func positions() -> [Int] {
    var ready = tasks.indices.filter { tasks[$0].waitsFor == 0 }
    var order: [Int] = []
    while let best = ready.min(by: { (growth(of: $0), $0) < (growth(of: $1), $1) }) {
      ready.removeAll { $0 == best }
      order.append(best)
      for value in tasks[best].reads { pending[value] -= 1 }
      for reader in tasks[best].readers {
        tasks[reader].waitsFor -= 1
        if tasks[reader].waitsFor == 0 { ready.append(reader) }
      }
    }
    return order
  }

  /// Bytes that are alive after the step and were not before, less those that it was the last to read.
  private func growth(of step: Int) -> Int {
    let made = tasks[step].writes.reduce(0) { $0 + (pending[$1] > 0 ? byteCounts[$1] : 0) }
    return tasks[step].reads.reduce(made) { $0 - (pending[$1] == 1 ? byteCounts[$1] : 0) }
  }
}
