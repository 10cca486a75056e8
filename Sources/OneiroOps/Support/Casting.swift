import OneiroGraph

extension Tensor {
  /// The elements in another type, by the rules of Cast: numbers are rounded once, floats to integers truncated,
  /// integers cut to the width of the target; strings are read and written as decimal numbers.
  public func cast(to target: ElementType, saturate: Bool = true, rounding: PowerOfTwoRounding = .up)
    throws(KernelError) -> Tensor
  {
    func rounded(_ numbers: [Double]) -> Tensor {
      Tensor.rounding(numbers, to: target, saturate: saturate, rounding, dims: dims)
    }
    if target == elementType { return self }
    if target == .string { return Tensor(strings: decimals(), dims: dims) }
    if elementType == .string { return try target.isInteger ? parsed(as: target) : rounded(parsed()) }
    if target == .bool || !isIntegral { return rounded(doubles()) }
    guard target.isFloatingPoint else { return Tensor(target, int64s: int64s(), dims: dims) }
    let isUnsigned = elementType == .uint64
    let numbers = int64s().map { value in
      let magnitude = isUnsigned ? UInt64(bitPattern: value) : value.magnitude
      // A double holds every integer of 53 bits; a longer one is rounded to the target directly, through a sticky bit.
      let double = target == .float64 ? Double(magnitude) : Double(stickily: magnitude)
      return !isUnsigned && value < 0 ? -double : double
    }
    return rounded(numbers)
  }

  private var isIntegral: Bool { elementType.isInteger || elementType == .bool }

  private static func rounding(
    _ numbers: [Double], to target: ElementType, saturate: Bool, _ rounding: PowerOfTwoRounding, dims: [Int]
  ) -> Tensor {
    if target == .float8e8m0 {
      return Tensor(target, codes: numbers.map { rounding.code($0, saturate: saturate) }, dims: dims)
    }
    if !saturate, let format = MiniFloatFormat.of(target) {
      return Tensor(target, codes: numbers.map { format.encode($0, saturate: false) }, dims: dims)
    }
    return Tensor(target, doubles: numbers, dims: dims)
  }

  /// The shortest decimals that read back as the same numbers. bool is 0 and 1.
  private func decimals() -> [String] {
    switch elementType {
    case .float32: elements(of: Float.self).map { Self.text($0) }
    case .float16: elements(of: Float16.self).map { Self.text($0) }
    case .uint64: int64s().map { String(UInt64(bitPattern: $0)) }
    case _ where isIntegral: int64s().map { String($0) }
    default: doubles().map { Self.text($0) }
    }
  }

  private static func text<Number: BinaryFloatingPoint & LosslessStringConvertible>(_ number: Number) -> String {
    if number.isNaN { return "NaN" }
    if number.isInfinite { return number < 0 ? "-INF" : "INF" }
    return number.description
  }

  private func parsed(as target: ElementType) throws(KernelError) -> Tensor {
    var integers: [Int64] = []
    integers.reserveCapacity(count)
    for text in strings { integers.append(try Self.integer(text)) }
    return Tensor(target, int64s: integers, dims: dims)
  }

  private func parsed() throws(KernelError) -> [Double] {
    var numbers: [Double] = []
    numbers.reserveCapacity(count)
    for text in strings { numbers.append(try Self.number(text)) }
    return numbers
  }

  /// Whole numbers to the last digit; what else is a number is truncated.
  private static func integer(_ text: String) throws(KernelError) -> Int64 {
    if let whole = Int64(text) { return whole }
    if let whole = UInt64(text) { return Int64(bitPattern: whole) }
    let number = try number(text)
    return Int64(exactly: number.rounded(.towardZero)) ?? (number.isNaN ? 0 : number < 0 ? .min : .max)
  }

  private static func number(_ text: String) throws(KernelError) -> Double {
    switch text.lowercased() {
    case "inf", "+inf": return .infinity
    case "-inf": return -.infinity
    case "nan": return .nan
    case "true": return 1
    case "false": return 0
    default:
      guard let number = Double(text) else { throw KernelError("\"\(text)\" is not a number") }
      return number
    }
  }
}

extension Double {
  /// The upper 52 bits of a longer integer with the lowest one set when something was cut off: rounding that to 50 bits
  /// or fewer is rounding the integer itself.
  init(stickily magnitude: UInt64) {
    let cut: UInt64 = 0xFFF
    self.init(magnitude >> 52 == 0 || magnitude & cut == 0 ? magnitude : magnitude & ~cut | (cut + 1))
  }
}
