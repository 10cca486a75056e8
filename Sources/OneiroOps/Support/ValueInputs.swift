import OneiroGraph

extension InferenceContext {
  /// The type of input `index`, whatever kind of value it is.
  func type(_ index: Int) throws(GraphError) -> ValueType {
    guard has(index), let type = inputs[index] else { throw fails(subject(index), "is missing or of unknown type") }
    return type
  }

  /// The element type of the sequence that input `index` is.
  func sequenceElement(_ index: Int) throws(GraphError) -> ValueType {
    let type = try type(index)
    guard case .sequence(let element) = type else { throw fails(index, expected: "a sequence", found: "\(type)") }
    return element
  }

  /// How many elements the list has that input `index` is, when that is known.
  func length(_ index: Int) throws(GraphError) -> Int? {
    if let value = value(index) { return value.count }
    return try shape(index)?.first?.extent
  }

  /// The result of arithmetic that is shared with the kernel; what it complains about is said of `subject`.
  func checking<R>(
    _ subject: String?, _ result: @autoclosure () throws(KernelError) -> R
  ) throws(GraphError) -> R {
    do {
      return try result()
    } catch {
      throw fails(subject, error.description)
    }
  }
}

extension KernelCall {
  func value(_ index: Int) throws(KernelError) -> Value {
    guard has(index), let value = inputs[index] else { throw fails("input \(index) is missing") }
    return value
  }

  func sequence(_ index: Int) throws(KernelError) -> (values: [Value], element: ValueType) {
    guard case .sequence(let values, let element) = try value(index) else {
      throw fails("input \(index) is no sequence")
    }
    return (values, element)
  }

  /// The elements of an integer input that has to be there.
  func requiredInts(_ index: Int) throws(KernelError) -> [Int] {
    let tensor = try tensor(index)
    guard tensor.elementType.isInteger else { throw fails("input \(index) holds no integers") }
    return tensor.int64s().map(Int.init)
  }

  /// The elements of a bool input that has to be there.
  func requiredBools(_ index: Int) throws(KernelError) -> [Bool] {
    let tensor = try tensor(index)
    guard tensor.elementType == .bool else { throw fails("input \(index) holds no bools") }
    return tensor.int64s().map { $0 != 0 }
  }

  /// The only element of an integer input; `nil` when it was left out.
  func scalarInt(_ index: Int) throws(KernelError) -> Int? {
    guard has(index) else { return nil }
    let ints = try requiredInts(index)
    guard ints.count == 1 else { throw fails("input \(index): expected one element, found \(ints.count)") }
    return ints[0]
  }

  /// The only element of a float input; `nil` when it was left out.
  func scalarDouble(_ index: Int) throws(KernelError) -> Double? {
    guard has(index) else { return nil }
    let doubles = try tensor(index).doubles()
    guard doubles.count == 1 else { throw fails("input \(index): expected one element, found \(doubles.count)") }
    return doubles[0]
  }
}
