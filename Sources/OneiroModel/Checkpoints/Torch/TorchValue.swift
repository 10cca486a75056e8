import OneiroGraph

/// What a torch file holds at one place of its tree.
public indirect enum TorchValue: Sendable {
  case none
  case bool(Bool)
  case int(Int64)
  /// Decimal digits of an integer past 64 bits.
  case bigInt(String)
  case double(Double)
  case string(String)
  case bytes([UInt8])
  case list([TorchValue])
  case tuple([TorchValue])
  case set([TorchValue])
  case dictionary(TorchDictionary)
  /// An instance of a class of the training program, of which only the data is known.
  case record(TorchRecord)
  /// A class or an element type by its name, such as "torch.float16".
  case global(String)
  /// A tensor, or an array of NumPy.
  case tensor(CheckpointTensor)
}

/// The entries of a dictionary, in its order.
public struct TorchDictionary: Sendable {
  public let entries: [(key: TorchValue, value: TorchValue)]
  private let places: [String: Int]

  init(_ entries: [(key: TorchValue, value: TorchValue)]) {
    self.entries = entries
    var places: [String: Int] = [:]
    for (place, entry) in entries.enumerated() {
      if case .string(let key) = entry.key { places[key] = place }
    }
    self.places = places
  }

  public subscript(key: String) -> TorchValue? { places[key].map { entries[$0].value } }
}

public struct TorchRecord: Sendable {
  /// With its module: "config.Config_Generative_Model".
  public let className: String
  /// Attributes, and entries where the class is a kind of dictionary.
  public let attributes: TorchDictionary
  /// What its constructor was given, and elements where the class is a kind of list.
  public let items: [TorchValue]
}

extension TorchValue {
  /// An entry of a dictionary, or an attribute.
  public subscript(key: String) -> TorchValue? {
    switch self {
    case .dictionary(let entries): entries[key]
    case .record(let record): record.attributes[key]
    default: nil
    }
  }

  /// An element of a list, a tuple or a set.
  public subscript(index: Int) -> TorchValue? {
    guard let items, items.indices.contains(index) else { return nil }
    return items[index]
  }

  /// The elements of a list, a tuple or a set.
  public var items: [TorchValue]? {
    switch self {
    case .list(let items), .tuple(let items), .set(let items): items
    default: nil
    }
  }

  public var tensor: CheckpointTensor? { if case .tensor(let tensor) = self { tensor } else { nil } }

  /// What a name made of keys says for this one.
  var keyText: String {
    switch self {
    case .none: "None"
    case .bool(let value): value ? "True" : "False"
    case .int(let value): "\(value)"
    case .double(let value): "\(value)"
    case .string(let text), .bigInt(let text), .global(let text): text
    case .list(let items), .tuple(let items), .set(let items): "\(items.count) values"
    case .bytes(let bytes): "\(bytes.count) bytes"
    case .dictionary: "a dictionary"
    case .record(let record): record.className
    case .tensor(let tensor): "\(tensor)"
    }
  }

  /// The same without its tensors. Entries that are tensors, and dictionaries of nothing but tensors, are left out; in
  /// a list `none` stands for them, so that the others keep their places.
  public var settings: CheckpointValue { settingsIfAny ?? .none }

  /// `nil` where nothing but tensors is.
  var settingsIfAny: CheckpointValue? {
    switch self {
    case .none: return CheckpointValue.none
    case .bool(let value): return .bool(value)
    case .int(let value): return .int(value)
    case .double(let value): return .double(value)
    case .string(let text), .bigInt(let text), .global(let text): return .string(text)
    case .bytes(let bytes): return .bytes(bytes)
    case .list(let items), .tuple(let items), .set(let items): return .list(items.map(\.settings))
    case .dictionary(let dictionary): return dictionary.settingsIfAny
    case .record(let record):
      if record.attributes.entries.isEmpty, !record.items.isEmpty { return .list(record.items.map(\.settings)) }
      return record.attributes.settingsIfAny
    case .tensor: return nil
    }
  }
}

extension TorchDictionary {
  /// `nil` where there are entries, and all of them are tensors.
  fileprivate var settingsIfAny: CheckpointValue? {
    let pairs = entries.compactMap { entry in entry.value.settingsIfAny.map { (entry.key.keyText, $0) } }
    if pairs.isEmpty && !entries.isEmpty { return nil }
    return .dictionary(Dictionary(pairs) { first, _ in first })
  }
}
