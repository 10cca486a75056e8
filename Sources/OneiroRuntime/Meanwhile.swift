import Dispatch
import Synchronization

/// What another thread works out while this one goes on.
public final class Meanwhile<Value: Sendable>: Sendable {
  private let result = Mutex<Result<Value, any Error>?>(nil)
  private let isDone = DispatchSemaphore(value: 0)

  public init(_ work: @escaping @Sendable () throws -> Value) {
    DispatchQueue.global().async { [self] in
      let found = Result { try work() }
      result.withLock { $0 = found }
      isDone.signal()
    }
  }

  /// Waits until it is there.
  public func value() throws -> Value {
    isDone.wait()
    // The next one who asks need not wait.
    isDone.signal()
    return try result.withLock { $0! }.get()
  }
}
