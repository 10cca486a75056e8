/// The value of a node's attribute: all the kinds of ONNX's AttributeProto.
public enum Attribute: Sendable {
  case float(Float)
  case int(Int64)
  /// Bytes, which need not be UTF-8.
  case string([UInt8])
  case tensor(Tensor)
  case graph(Graph)
  case sparseTensor(SparseTensor)
  case type(ValueType)
  case floats([Float])
  case ints([Int64])
  case strings([[UInt8]])
  case tensors([Tensor])
  case graphs([Graph])
  case sparseTensors([SparseTensor])
  case types([ValueType])
  /// Inside a model-local function: the attribute of that name of the calling node.
  case reference(String, kind: Kind)

  /// The numbers of ONNX's AttributeProto.AttributeType.
  public enum Kind: Int32, Sendable, Hashable {
    case float = 1, int, string, tensor, graph, floats, ints, strings, tensors, graphs, sparseTensor, sparseTensors,
      type, types
  }

  public var kind: Kind {
    switch self {
    case .float: .float
    case .int: .int
    case .string: .string
    case .tensor: .tensor
    case .graph: .graph
    case .sparseTensor: .sparseTensor
    case .type: .type
    case .floats: .floats
    case .ints: .ints
    case .strings: .strings
    case .tensors: .tensors
    case .graphs: .graphs
    case .sparseTensors: .sparseTensors
    case .types: .types
    case .reference(_, let kind): kind
    }
  }

  /// Whether there are bodies in it.
  var hasGraphs: Bool {
    switch self {
    case .graph, .graphs: true
    default: false
    }
  }

  public static func string(_ text: String) -> Attribute { .string(Array(text.utf8)) }
}

/// Coordinates and values of the elements that are not zero.
public struct SparseTensor: Sendable {
  /// The non-zero values, [NNZ].
  public var values: Tensor
  /// Their positions: [NNZ] into the flattened tensor, or [NNZ, rank]. int64.
  public var indices: Tensor
  /// The shape of the whole.
  public var dims: [Int]

  public init(values: Tensor, indices: Tensor, dims: [Int]) {
    self.values = values
    self.indices = indices
    self.dims = dims
  }
}
