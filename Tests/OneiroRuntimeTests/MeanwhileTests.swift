import Dispatch
import OneiroRuntime
import Synchronization
import Testing

@Suite("Work beside other work") struct MeanwhileTests {
  private struct Fault: Error, Equatable { let number: Int }

  @Test("It runs once, however many ask for what it found") func once() async throws {
    let runs = Mutex(0)
    let work = Meanwhile {
      runs.withLock { runs in
        runs += 1
        return runs
      }
    }
    await withTaskGroup(of: Int?.self) { group in
      for _ in 0..<3 { group.addTask { try? work.value() } }
      for await value in group { #expect(value == 1) }
    }
    #expect(try work.value() == 1 && runs.withLock { $0 } == 1)
  }

  @Test("Who asks waits until it is there") func waits() throws {
    let gate = DispatchSemaphore(value: 0)
    let work = Meanwhile {
      // Which is opened once the work has been handed on: it would wait for ever where that comes after it.
      gate.wait()
      return "done"
    }
    gate.signal()
    #expect(try work.value() == "done")
  }

  @Test("An error comes out where the value is asked for, each time") func fails() {
    let work = Meanwhile { () throws -> Int in throw Fault(number: 7) }
    for _ in 0..<2 { #expect(throws: Fault(number: 7)) { try work.value() } }
  }
}
