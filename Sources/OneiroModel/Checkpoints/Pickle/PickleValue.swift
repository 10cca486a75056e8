import OneiroGraph

/// A value while a pickle is being read. What can hold other values, or change later, is an index into the list of
/// objects: a list may then hold itself, and no depth of nesting needs a deep stack.
enum PickleValue: Hashable, Sendable {
  case none
  case bool(Bool)
  case int(Int64)
  /// Decimal digits of an integer past 64 bits.
  case bigInt(String)
  case double(Double)
  case string(String)
  case bytes([UInt8])
  case global(PickleGlobal)
  case object(Int)
}

/// What a pickle builds.
struct PickleObject: Sendable {
  enum Kind: Sendable {
    case tuple, list, set, dictionary
    /// An instance of a class that is not known. Its attributes, and entries of a dictionary subclass, are `entries`;
    /// arguments of its constructor, and elements of a list subclass, are `items`.
    case record(PickleGlobal)
    case storage(TorchStorage)
    case tensor(TorchView)
    case dtype(NumpyType)
    /// A NumPy array; `nil` until its state is set.
    case array(Tensor?)
  }
  var kind: Kind
  var items: [PickleValue] = []
  var entries = PickleEntries()
}

/// The entries of a dictionary in the order in which they were first set.
struct PickleEntries: Sendable {
  private(set) var keys: [PickleValue] = []
  private(set) var values: [PickleValue] = []
  private var index: [PickleValue: Int] = [:]

  var count: Int { keys.count }

  mutating func set(_ key: PickleValue, _ value: PickleValue) {
    if let place = index[key] {
      values[place] = value
    } else {
      index[key] = keys.count
      keys.append(key)
      values.append(value)
    }
  }
}

/// NumPy's description of an element: "f8" and the byte order, as in the header of an npy file.
struct NumpyType: Sendable {
  var code: String
  var byteOrder = "<"
}
