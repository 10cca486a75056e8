/// One axis of a shape: its extent, a name that stands for it ("batch"), or nothing known.
public enum Dimension: Sendable, Hashable, CustomStringConvertible {
  case known(Int)
  case symbol(String)
  case unknown

  public var extent: Int? { if case .known(let extent) = self { extent } else { nil } }

  public var description: String {
    switch self {
    case .known(let extent): "\(extent)"
    case .symbol(let name): name
    case .unknown: "?"
    }
  }

  /// Whether some tensor can have both: two different numbers are the only contradiction.
  public func agrees(with other: Dimension) -> Bool {
    guard let mine = extent, let theirs = other.extent else { return true }
    return mine == theirs
  }
}

/// An element type and a shape, of which the rank may be unknown too.
public struct TensorType: Sendable, Hashable {
  public var elementType: ElementType
  /// `nil`: not even the rank is known.
  public var shape: [Dimension]?

  public init(_ elementType: ElementType, _ shape: [Dimension]?) {
    self.elementType = elementType
    self.shape = shape
  }

  /// Whether some tensor can have both types.
  public func agrees(with other: TensorType) -> Bool {
    guard elementType == other.elementType else { return false }
    guard let mine = shape, let its = other.shape else { return true }
    return mine.count == its.count && zip(mine, its).allSatisfy { $0.agrees(with: $1) }
  }

  public init(_ elementType: ElementType, dims: [Int]) { self.init(elementType, dims.map(Dimension.known)) }

  /// The extents, when every one is known.
  public var dims: [Int]? {
    guard let shape else { return nil }
    let known = shape.compactMap(\.extent)
    return known.count == shape.count ? known : nil
  }
}

/// What kind of value this is, with what is known of its shape.
public indirect enum ValueType: Sendable, Hashable {
  case tensor(TensorType)
  case sparseTensor(TensorType)
  case sequence(ValueType)
  case optional(ValueType)
  case map(key: ElementType, value: ValueType)

  public static func tensor(_ elementType: ElementType, _ shape: [Dimension]?) -> ValueType {
    .tensor(TensorType(elementType, shape))
  }
  public static func tensor(_ elementType: ElementType, dims: [Int]) -> ValueType {
    .tensor(TensorType(elementType, dims: dims))
  }

  public var tensorType: TensorType? { if case .tensor(let type) = self { type } else { nil } }
}

extension ValueType: CustomStringConvertible {
  /// As in ONNX's text syntax: `float[N,4,16,16]`, `seq(int64[?])`.
  public var description: String {
    switch self {
    case .tensor(let type): type.description
    case .sparseTensor(let type): "sparse_tensor(\(type))"
    case .sequence(let element): "seq(\(element))"
    case .optional(let element): "optional(\(element))"
    case .map(let key, let value): "map(\(key.name), \(value))"
    }
  }
}

extension TensorType: CustomStringConvertible {
  /// `float[2,3]`; `float[]` for an unknown rank and `float` for a scalar, as in ONNX's text syntax.
  public var description: String {
    guard let shape else { return "\(elementType.name)[]" }
    return shape.isEmpty ? elementType.name : "\(elementType.name)[\(shape.map(\.description).joined(separator: ","))]"
  }
}

/// A named value at the border of a graph, or one inside whose type a file states.
public struct ValueInfo: Sendable, Hashable {
  public var name: String
  /// `nil` where a file leaves it out, as the outputs of subgraphs may.
  public var type: ValueType?
  public var docString: String

  public init(_ name: String, _ type: ValueType?, docString: String = "") {
    self.name = name
    self.type = type
    self.docString = docString
  }
}
