import Synchronization

/// Elements of a float32 tensor that are kept as float16 or bfloat16, often mapped from a file. They are widened as a
/// whole when somebody first asks for float32, and stay so as long as the storage lives; a reader that can work with
/// the narrow elements never makes it do that.
public final class NarrowStorage: Sendable {
  public let type: ElementType
  public let stored: ByteStorage
  private let wide = Mutex<ByteStorage?>(nil)

  /// The types that elements can be kept in.
  public static let types: Set<ElementType> = [.float16, .bfloat16]

  /// - stored: whole elements of `type`.
  public init(_ stored: ByteStorage, type: ElementType) {
    precondition(Self.types.contains(type), "\(type.name) is not widened")
    precondition(stored.byteCount.isMultiple(of: 2), "half an element")
    self.type = type
    self.stored = stored
  }

  /// The elements as float32.
  public var widened: ByteStorage {
    wide.withLock { wide in
      if let wide { return wide }
      let made = widen()
      wide = made
      return made
    }
  }

  private func widen() -> ByteStorage {
    let count = stored.byteCount / 2
    let (byteCount, overflow) = count.multipliedReportingOverflow(by: 4)
    precondition(!overflow, "\(count) elements as float32 are more than there are addresses")
    return ByteStorage(byteCount: byteCount) { memory in
      guard count > 0 else { return }
      let source = stored.base.assumingMemoryBound(to: UInt16.self)
      let target = memory.baseAddress!.bindMemory(to: UInt32.self, capacity: count)
      if type == .float16 {
        HalfWidening.widen(float16: source, count: count, into: target)
      } else {
        HalfWidening.widen(bfloat16: source, count: count, into: target)
      }
    }
  }
}
