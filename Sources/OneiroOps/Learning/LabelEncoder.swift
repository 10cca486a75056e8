import OneiroGraph

/// LabelEncoder, ai.onnx.ml opset 4: https://onnx.ai/onnx/operators/onnx_aionnxml_LabelEncoder.html
///
/// Each element of X is one of the keys and becomes the value beside it, or the default value when it is none. The last
/// of equal keys counts, and all NaNs are one.
public enum LabelEncoder: Operator {
  private static let types = ElementTypeSet([.string, .int64, .float32, .int32, .int16, .float64])

  public static let schema = OpSchema(
    "LabelEncoder", domain: Operators.learningDomain, since: 4, inputs: [.one("X", "T1")], outputs: [.one("Y", "T2")],
    attributes: [
      .float("default_float", default: -0.0), .int("default_int64", default: -1),
      .string("default_string", default: "_Unused"), .optional("default_tensor", .tensor), .floats("keys_floats"),
      .ints("keys_int64s"), .optional("keys_strings", .strings), .optional("keys_tensor", .tensor),
      .floats("values_floats"), .ints("values_int64s"), .optional("values_strings", .strings),
      .optional("values_tensor", .tensor),
    ], types: ["T1": types, "T2": types])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let table = try node.checking(nil, try Table(node.attributes)), x = try node.tensor(0)
    guard x.elementType == table.keys.elementType else {
      throw node.fails(0, expected: table.keys.elementType.name, found: x.elementType.name, because: "the keys are")
    }
    return [.tensor(table.values.elementType, x.shape)]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let x = try call.tensor(0), table = try Table(call.attributes)
    guard x.elementType == table.keys.elementType else {
      throw call.fails("X: expected \(table.keys.elementType.name) as the keys are, found \(x.elementType.name)")
    }
    let places: [Int]
    if x.elementType == .string {
      let index = Dictionary(zip(table.keys.strings, 0...), uniquingKeysWith: { $1 })
      places = x.strings.map { index[$0] ?? table.keys.count }
    } else {
      let index = Dictionary(zip(table.keys.orderKeys().keys, 0...), uniquingKeysWith: { $1 })
      places = x.orderKeys().keys.map { index[$0] ?? table.keys.count }
    }
    let choices = try Tensor.concatenating([table.values, table.fallback], axis: 0)
    return [places.isEmpty ? .empty(choices.elementType, dims: x.dims) : choices.gathering(places, dims: x.dims)]
  }

  /// Keys and values as vectors of one length, and the default value as a vector of one element.
  private struct Table {
    let keys, values, fallback: Tensor

    init(_ attributes: NodeAttributes) throws(KernelError) {
      keys = try Self.list(attributes, "keys")
      values = try Self.list(attributes, "values")
      guard keys.count == values.count else {
        throw KernelError("expected as many values as keys, found \(keys.count) keys and \(values.count) values")
      }
      if let given = attributes.tensor("default_tensor") {
        guard given.count == 1, given.elementType == values.elementType else {
          throw KernelError(
            "default_tensor: expected one \(values.elementType.name), found "
              + "\(TensorType(given.elementType, dims: given.dims))")
        }
        fallback = given.reshaped([1])
      } else if values.elementType == .string {
        fallback = Tensor(strings: [attributes.string("default_string")], dims: [1])
      } else if values.elementType.isFloatingPoint {
        fallback = Tensor(values.elementType, doubles: [attributes.float("default_float")], dims: [1])
      } else {
        fallback = Tensor(values.elementType, int64s: [Int64(attributes.int("default_int64"))], dims: [1])
      }
    }

    private static func list(_ attributes: NodeAttributes, _ name: String) throws(KernelError) -> Tensor {
      var found: [Tensor] = []
      if let strings = attributes.strings("\(name)_strings") {
        found.append(Tensor(strings: strings, dims: [strings.count]))
      }
      if let ints = attributes.ints("\(name)_int64s") { found.append(Tensor(ints.map(Int64.init), dims: [ints.count])) }
      if let floats = attributes.floats("\(name)_floats") {
        found.append(Tensor(.float32, doubles: floats, dims: [floats.count]))
      }
      if let tensor = attributes.tensor("\(name)_tensor") { found.append(tensor.reshaped([tensor.count])) }
      guard found.count == 1, types.contains(found[0].elementType) else {
        throw KernelError(
          "expected one of \(name)_floats, \(name)_int64s, \(name)_strings and \(name)_tensor, found \(found.count)")
      }
      return found[0]
    }
  }
}
