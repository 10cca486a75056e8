/// A Swift type that is the memory of one ONNX element type.
public protocol TensorElement: Sendable {
  static var elementType: ElementType { get }
}
extension Float: TensorElement { public static var elementType: ElementType { .float32 } }
extension Double: TensorElement { public static var elementType: ElementType { .float64 } }
extension Float16: TensorElement { public static var elementType: ElementType { .float16 } }
extension BFloat16: TensorElement { public static var elementType: ElementType { .bfloat16 } }
extension Int8: TensorElement { public static var elementType: ElementType { .int8 } }
extension Int16: TensorElement { public static var elementType: ElementType { .int16 } }
extension Int32: TensorElement { public static var elementType: ElementType { .int32 } }
extension Int64: TensorElement { public static var elementType: ElementType { .int64 } }
extension UInt8: TensorElement { public static var elementType: ElementType { .uint8 } }
extension UInt16: TensorElement { public static var elementType: ElementType { .uint16 } }
extension UInt32: TensorElement { public static var elementType: ElementType { .uint32 } }
extension UInt64: TensorElement { public static var elementType: ElementType { .uint64 } }
extension Bool: TensorElement { public static var elementType: ElementType { .bool } }

/// A row-major tensor that never changes. Copies share its memory.
public struct Tensor: Sendable {
  public let elementType: ElementType
  /// Extents, outermost first; empty for a scalar.
  public let dims: [Int]
  public let contents: Contents

  public enum Contents: Sendable {
    case bytes(ByteStorage)
    /// Elements of a float32 tensor in a narrower type.
    case narrow(NarrowStorage)
    case strings([String])
  }

  /// The number of elements: the product of `dims`.
  public let count: Int
  public var rank: Int { dims.count }

  /// - storage: exactly the bytes that `dims` of `elementType` take.
  public init(_ elementType: ElementType, dims: [Int], storage: ByteStorage) {
    let count = Self.elementCount(dims)
    precondition(
      count != nil && elementType.byteCount(of: count!) == storage.byteCount, "storage does not fit the shape")
    self.elementType = elementType
    self.dims = dims
    self.count = count!
    contents = .bytes(storage)
  }

  /// - narrow: exactly as many elements as `dims` have.
  init(_ narrow: NarrowStorage, dims: [Int]) {
    let count = Self.elementCount(dims)
    precondition(count == narrow.stored.byteCount / 2, "storage does not fit the shape")
    elementType = .float32
    self.dims = dims
    self.count = count!
    contents = .narrow(narrow)
  }

  public init(strings: [String], dims: [Int]) {
    precondition(Self.elementCount(dims) == strings.count, "strings do not fit the shape")
    elementType = .string
    self.dims = dims
    count = strings.count
    contents = .strings(strings)
  }

  /// The elements as they are, in the type that `T` stands for.
  public init<T: TensorElement>(_ elements: [T], dims: [Int]) {
    precondition(Self.elementCount(dims) == elements.count, "elements do not fit the shape")
    let storage = elements.withUnsafeBytes { source in
      ByteStorage(byteCount: source.count) { $0.copyMemory(from: source) }
    }
    self.init(T.elementType, dims: dims, storage: storage)
  }

  public init<T: TensorElement>(scalar: T) { self.init([scalar], dims: []) }

  /// New memory for `dims`, written by `fill`.
  public init<T: TensorElement, E: Error>(
    _: T.Type, dims: [Int], fill: (UnsafeMutableBufferPointer<T>) throws(E) -> Void
  ) throws(E) {
    guard let count = Self.elementCount(dims), let bytes = T.elementType.byteCount(of: count) else {
      preconditionFailure("shape \(dims) overflows")
    }
    let storage = try ByteStorage(byteCount: bytes) { (memory) throws(E) in
      try fill(
        UnsafeMutableBufferPointer(start: memory.baseAddress!.bindMemory(to: T.self, capacity: count), count: count))
    }
    self.init(T.elementType, dims: dims, storage: storage)
  }

  /// The product of `dims`; `nil` when one is negative or the product overflows.
  public static func elementCount(_ dims: [Int]) -> Int? {
    var count = 1
    for extent in dims {
      guard extent >= 0 else { return nil }
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      if overflow && !dims.contains(0) { return nil }
      count = overflow ? 0 : product
    }
    return dims.contains(0) ? 0 : count
  }

  /// The memory that holds elements of `elementType`, widened when it is narrow; `nil` for strings.
  public var storage: ByteStorage? {
    switch contents {
    case .bytes(let storage): storage
    case .narrow(let narrow): narrow.widened
    case .strings: nil
    }
  }

  /// The plain memory, alive as long as the tensor's contents; empty for strings.
  public var bytes: UnsafeRawBufferPointer { storage?.bytes ?? UnsafeRawBufferPointer(start: nil, count: 0) }

  public var strings: [String] {
    if case .strings(let strings) = contents { strings } else { [] }
  }

  /// The elements in place. `T` must be the tensor's element type.
  public func withElements<T: TensorElement, R, E: Error>(
    of: T.Type, _ body: (UnsafeBufferPointer<T>) throws(E) -> R
  ) throws(E) -> R {
    precondition(T.elementType == elementType, "\(elementType) read as \(T.elementType)")
    let memory = bytes
    return try withExtendedLifetime(contents) { () throws(E) -> R in
      try body(UnsafeBufferPointer(start: memory.baseAddress?.assumingMemoryBound(to: T.self), count: count))
    }
  }

  public func elements<T: TensorElement>(of type: T.Type) -> [T] { withElements(of: type) { Array($0) } }

  /// The same elements in another shape with the same count.
  public func reshaped(_ dims: [Int]) -> Tensor {
    switch contents {
    case .bytes(let storage): Tensor(elementType, dims: dims, storage: storage)
    case .narrow(let narrow): Tensor(narrow, dims: dims)
    case .strings(let strings): Tensor(strings: strings, dims: dims)
    }
  }
}
