import OneiroGraph

/// The functions and classes that a pickle may call. Each builds data here, in the way that its original does.
enum PickleCalls {
  /// Classes that are called to make an empty or a filled container, also as an instance (NEWOBJ).
  static func isContainer(_ global: PickleGlobal) -> Bool { containers.contains("\(global)") }

  private static let containers: Set<String> = [
    "builtins.set", "builtins.frozenset", "builtins.list", "builtins.tuple", "builtins.dict", "builtins.bytes",
    "builtins.bytearray", "collections.OrderedDict", "collections.defaultdict", "torch.Size",
  ]
}

extension PickleReader {
  mutating func call(_ function: PickleGlobal, _ arguments: [PickleValue]) throws(GraphError) -> PickleValue {
    try charge(arguments.count)
    switch function.description {
    case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2":
      return add(PickleObject(kind: .tensor(try tensorView(arguments, function))))
    case "torch._utils._rebuild_tensor_v3":
      // (storage of bytes, offset, size, stride, requires_grad, hooks, dtype): types that have no storage class.
      guard arguments.count >= 7, case .global(let dtype) = arguments[6] else { throw unfit(function, arguments) }
      guard let type = TorchStorage.type(ofDtype: dtype) else {
        throw fault("tensors of \(dtype) cannot be read")
      }
      return add(PickleObject(kind: .tensor(try tensorView(arguments, function, as: type))))
    case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state":
      guard let data = arguments.first, case .object(let index) = data, case .tensor = objects[index].kind else {
        throw unfit(function, arguments)
      }
      return data
    case "torch.device":
      return try device(function, arguments)

    case "collections.OrderedDict", "builtins.dict":
      return try dictionary(function, arguments)
    case "collections.defaultdict":
      // The first argument makes values for missing keys: of no use here.
      return try dictionary(function, Array(arguments.dropFirst()))
    case "builtins.list": return add(PickleObject(kind: .list, items: try elements(function, arguments)))
    case "builtins.tuple", "torch.Size":
      return add(PickleObject(kind: .tuple, items: try elements(function, arguments)))
    case "builtins.set", "builtins.frozenset":
      return add(PickleObject(kind: .set, items: try elements(function, arguments)))

    case "_codecs.encode", "builtins.bytes", "builtins.bytearray":
      return try encoded(function, arguments)
    case "copyreg._reconstructor":
      // (class, its base, state of the base): how instances were made before NEWOBJ.
      guard arguments.count == 3, case .global(let type) = arguments[0], arguments[1] == Self.object,
        arguments[2] == .none
      else { throw unfit(function, arguments) }
      guard type.isRecordClass else { throw refused("makes an instance of", type) }
      return add(PickleObject(kind: .record(type)))
    case "argparse.Namespace", "types.SimpleNamespace":
      guard arguments.isEmpty else { throw unfit(function, arguments) }
      return add(PickleObject(kind: .record(function)))
    case "pathlib.Path", "pathlib.PosixPath", "pathlib.PurePosixPath":
      return try path(function, arguments)

    case "numpy.dtype":
      guard case .string(let code)? = arguments.first else { throw unfit(function, arguments) }
      return add(PickleObject(kind: .dtype(NumpyType(code: code))))
    case "numpy._core.multiarray.scalar":
      guard arguments.count == 2 else { throw unfit(function, arguments) }
      return scalar(try numpyTensor(arguments[0], dims: [], isColumnMajor: false, arguments[1]))
    case "numpy._core.multiarray._reconstruct":
      return add(PickleObject(kind: .array(nil)))
    default: throw refused("calls", function)
    }
  }

  private static let object = PickleValue.global(PickleGlobal(module: "builtins", name: "object"))

  func unfit(_ function: PickleGlobal, _ arguments: [PickleValue]) -> GraphError {
    let found = arguments.prefix(8).map(describe).joined(separator: ", ")
    return fault("the arguments of \(function) are not what it takes: (\(found))")
  }

  /// The elements of the one container that is given, if one is.
  private mutating func elements(_ function: PickleGlobal, _ arguments: [PickleValue]) throws(GraphError)
    -> [PickleValue]
  {
    guard let first = arguments.first else { return [] }
    guard arguments.count == 1, case .object(let index) = first else { throw unfit(function, arguments) }
    switch objects[index].kind {
    case .list, .tuple, .set: break
    default: throw unfit(function, arguments)
    }
    try charge(objects[index].items.count)
    return objects[index].items
  }

  /// A dictionary of the pairs, or of the entries of the dictionary, that are given, if any are.
  private mutating func dictionary(_ function: PickleGlobal, _ arguments: [PickleValue]) throws(GraphError)
    -> PickleValue
  {
    var entries = PickleEntries()
    if case .object(let index)? = arguments.first, case .dictionary = objects[index].kind {
      try charge(objects[index].entries.count)
      entries = objects[index].entries
    } else {
      for pair in try elements(function, arguments) {
        guard case .object(let index) = pair, objects[index].items.count == 2 else { throw unfit(function, arguments) }
        entries.set(try key(objects[index].items[0]), objects[index].items[1])
      }
    }
    return add(PickleObject(kind: .dictionary, entries: entries))
  }

  /// Bytes as protocol 2 writes them: text and the encoding that turns it into bytes.
  private mutating func encoded(_ function: PickleGlobal, _ arguments: [PickleValue]) throws(GraphError) -> PickleValue
  {
    switch (arguments.first, arguments.dropFirst().first) {
    case (nil, _): return .bytes([])
    case (.bytes(let bytes), nil): return .bytes(bytes)
    case (.string(let text), .string(let encoding)):
      try charge(text.utf8.count)
      switch encoding {
      case "utf8", "utf-8": return .bytes(Array(text.utf8))
      case "latin1", "latin-1":
        let scalars = text.unicodeScalars.map { UInt8(exactly: $0.value) }
        guard !scalars.contains(nil) else { throw fault("text for \(function) has letters that latin1 has not") }
        return .bytes(scalars.compactMap { $0 })
      default: throw fault("\(function) with encoding \"\(encoding.prefix(40))\"; latin1 and utf-8 are known")
      }
    default: throw unfit(function, arguments)
    }
  }

  /// "cpu", "cuda:0".
  private func device(_ function: PickleGlobal, _ arguments: [PickleValue]) throws(GraphError) -> PickleValue {
    guard case .string(let name)? = arguments.first, arguments.count <= 2 else { throw unfit(function, arguments) }
    guard arguments.count == 2 else { return .string(name) }
    guard case .int(let index) = arguments[1] else { throw unfit(function, arguments) }
    return .string("\(name):\(index)")
  }

  private mutating func path(_ function: PickleGlobal, _ arguments: [PickleValue]) throws(GraphError) -> PickleValue {
    var path = ""
    for argument in arguments {
      guard case .string(let part) = argument else { throw unfit(function, arguments) }
      try charge(part.utf8.count)
      path += path.isEmpty || path.hasSuffix("/") ? part : "/" + part
    }
    return .string(path)
  }
}
