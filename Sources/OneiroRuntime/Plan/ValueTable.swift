import OneiroGraph

/// What is known of each value while a graph is walked in order.
struct ValueTable {
  enum Entry {
    /// The value itself.
    case known(Value)
    /// A tensor of known shape that a run computes.
    case computed(TensorType)
    /// Neither is known before a run has got that far.
    case deferred(ValueType?)
  }

  private(set) var entries: [String: Entry] = [:]

  subscript(name: String) -> Entry? {
    get { entries[name] }
    set { entries[name] = newValue }
  }

  func type(_ name: String) -> ValueType? {
    switch entries[name] {
    case .known(let value): value.type
    case .computed(let type): .tensor(type)
    case .deferred(let type): type
    case nil: nil
    }
  }

  func value(_ name: String) -> Value? { if case .known(let value) = entries[name] { value } else { nil } }
  func tensor(_ name: String) -> Tensor? { value(name)?.tensor }
  func isDeferred(_ name: String) -> Bool { if case .deferred = entries[name] { true } else { false } }

  var types: [String: ValueType] { entries.keys.reduce(into: [:]) { $0[$1] = type($1) } }
  var tensors: [String: Tensor] { entries.keys.reduce(into: [:]) { $0[$1] = tensor($1) } }
}
