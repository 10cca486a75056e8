/// What flows along an edge while a graph runs.
public indirect enum Value: Sendable {
  case tensor(Tensor)
  /// All elements are of one type; an empty sequence still has it.
  case sequence([Value], of: ValueType)
  case optional(Value?, of: ValueType)
  case map([(key: MapKey, value: Value)])

  public enum MapKey: Sendable, Hashable {
    case int(Int64)
    case string(String)
  }

  public var tensor: Tensor? { if case .tensor(let tensor) = self { tensor } else { nil } }

  public var type: ValueType {
    switch self {
    case .tensor(let tensor): .tensor(tensor.elementType, dims: tensor.dims)
    case .sequence(_, let element): .sequence(element)
    case .optional(_, let element): .optional(element)
    case .map(let entries):
      if case .string = entries.first?.key {
        .map(key: .string, value: entries[0].value.type)
      } else {
        .map(key: .int64, value: entries.first?.value.type ?? .tensor(.float32, nil))
      }
    }
  }
}
