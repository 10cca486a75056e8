import OneiroModel

extension TorchValue {
  /// For messages and names.
  var text: String {
    switch self {
    case .string(let text): text
    case .int(let value): "\(value)"
    case .double(let value): "\(value)"
    case .tensor(let tensor): "\(tensor)"
    default: "something else"
    }
  }
}
