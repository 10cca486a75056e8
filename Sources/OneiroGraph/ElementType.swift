/// The element types of the format, with the numbers of ONNX's `TensorProto.DataType`.
public enum ElementType: Int32, CaseIterable, Sendable, Hashable {
  case float32 = 1
  case uint8 = 2
  case int8 = 3
  case uint16 = 4
  case int16 = 5
  case int32 = 6
  case int64 = 7
  case string = 8
  case bool = 9
  case float16 = 10
  case float64 = 11
  case uint32 = 12
  case uint64 = 13
  case complex64 = 14
  case complex128 = 15
  case bfloat16 = 16
  case float8e4m3fn = 17
  case float8e4m3fnuz = 18
  case float8e5m2 = 19
  case float8e5m2fnuz = 20
  case uint4 = 21
  case int4 = 22
  case float4e2m1 = 23
  case float8e8m0 = 24
  case uint2 = 25
  case int2 = 26

  /// Width of one element in memory; 0 for strings, which do not lie in plain memory. Elements narrower than a byte
  /// are packed, the first one in the lowest bits.
  public var bitWidth: Int {
    switch self {
    case .string: 0
    case .uint2, .int2: 2
    case .uint4, .int4, .float4e2m1: 4
    case .uint8, .int8, .bool, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0: 8
    case .uint16, .int16, .float16, .bfloat16: 16
    case .float32, .int32, .uint32: 32
    case .float64, .int64, .uint64, .complex64: 64
    case .complex128: 128
    }
  }

  /// Bytes that `count` elements take, the last byte of a packed type filled up; `nil` when that overflows.
  public func byteCount(of count: Int) -> Int? {
    let (bits, overflow) = count.multipliedReportingOverflow(by: bitWidth)
    return overflow || bits > Int.max - 7 ? nil : (bits + 7) / 8
  }

  public var isFloatingPoint: Bool { ElementTypeSet.allFloats.contains(self) }
  public var isSignedInteger: Bool { [.int8, .int16, .int32, .int64, .int4, .int2].contains(self) }
  public var isUnsignedInteger: Bool { [.uint8, .uint16, .uint32, .uint64, .uint4, .uint2].contains(self) }
  public var isInteger: Bool { isSignedInteger || isUnsignedInteger }
  public var isComplex: Bool { self == .complex64 || self == .complex128 }

  /// The word of ONNX's text syntax, "float" for `float32` and "double" for `float64`.
  public var name: String {
    switch self {
    case .float32: "float"
    case .float64: "double"
    default: String(describing: self)
    }
  }

  public init?(name: String) {
    guard let found = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = found
  }
}

/// A set of element types, for the constraints of an operator's schema.
public struct ElementTypeSet: OptionSet, Sendable, Hashable {
  public let rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
  public init(_ types: [ElementType]) { rawValue = types.reduce(0) { $0 | 1 << UInt64($1.rawValue) } }

  public func contains(_ type: ElementType) -> Bool { rawValue & 1 << UInt64(type.rawValue) != 0 }
  public var members: [ElementType] { ElementType.allCases.filter(contains) }

  public static let all = Self(ElementType.allCases)
  public static let bool = Self([.bool])
  public static let string = Self([.string])
  public static let int64 = Self([.int64])
  /// int32 and int64: what indices and axes may be.
  public static let indices = Self([.int32, .int64])
  /// float16, bfloat16, float32, float64.
  public static let floats = Self([.float16, .bfloat16, .float32, .float64])
  public static let float8s = Self([.float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0])
  public static let allFloats = floats.union(float8s).union(Self([.float4e2m1]))
  public static let signedIntegers = Self([.int8, .int16, .int32, .int64])
  public static let unsignedIntegers = Self([.uint8, .uint16, .uint32, .uint64])
  public static let integers = signedIntegers.union(unsignedIntegers)
  /// Integers of 8 to 64 bits and floats of 16 to 64: the types that arithmetic is defined for.
  public static let numeric = integers.union(floats)
  public static let complex = Self([.complex64, .complex128])
  public static let narrow = Self([.uint4, .int4, .uint2, .int2])
}
