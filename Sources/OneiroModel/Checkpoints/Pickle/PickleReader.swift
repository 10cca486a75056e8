import OneiroGraph

/// Reads a pickle as data: https://docs.python.org/3/library/pickletools.html
///
/// A pickle is a program for a stack machine, and Python's own reader runs whatever function the program names. This
/// one has the instructions that build data, protocols 2 to 5, and these rules for the rest:
///
/// - A class or function that is named stays a name.
/// - A call (REDUCE) has to be to one of `PickleCalls`, which build a tensor, a container or a number.
/// - An instance (NEWOBJ) of any other class becomes a record of the attributes that the pickle gives it (BUILD).
///   Nothing of the class is run, and one of Python's own library is refused: see `PickleGlobal.isRecordClass`.
/// - Everything else is refused with the name that was called, or the number of the instruction.
struct PickleReader {
  let bytes: UnsafeRawBufferPointer
  /// What errors call the file, and the place of the pickle in it.
  let file: String
  let start: Int
  private(set) var at: Int
  private var stack: [PickleValue] = []
  /// Heights of the stack at each MARK.
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]
  private(set) var objects: [PickleObject] = []
  /// Elements and bytes copied or looked up, which a short pickle could ask for again and again.
  private var copied = 0

  /// Objects, memo entries and stack slots, each. The largest checkpoints and data sets have less than a tenth of it.
  private static let limit = 4_000_000

  /// - bytes: what the pickle lies in; it says itself where it ends (`at`, after `read`).
  init(_ bytes: UnsafeRawBufferPointer, from start: Int = 0, file: String) {
    self.bytes = bytes
    self.start = start
    self.file = file
    at = start
  }

  /// The value of the pickle. Objects in it are among `objects`.
  mutating func read() throws(GraphError) -> PickleValue {
    while true {
      let place = at
      let code = try byte()
      guard let instruction = PickleInstruction(rawValue: code) else {
        throw fault(
          "instruction 0x\(String(code, radix: 16)) at byte \(place) is none of protocols 2 to 5 that build data")
      }
      if instruction == .stop {
        let value = try pop()
        guard stack.isEmpty, marks.isEmpty else { throw fault("it ends with values that nobody took") }
        return value
      }
      try run(instruction)
      guard objects.count <= Self.limit, memo.count <= Self.limit, stack.count <= Self.limit,
        marks.count <= Self.limit
      else { throw fault("it builds more than \(Self.limit) objects") }
    }
  }

  func fault(_ what: String) -> GraphError { .invalid(file: file, "pickle at byte \(start)", what) }

  /// Counts `count` elements or bytes that an instruction copies or looks up.
  mutating func charge(_ count: Int) throws(GraphError) {
    let limit = 16 * (at - start) + 1_000_000
    guard count <= limit - copied else { throw fault("it copies more than \(limit) elements and bytes") }
    copied += count
  }
}

/// The instructions that build data, by their codes.
private enum PickleInstruction: UInt8 {
  case mark = 0x28, stop = 0x2E, pop = 0x30, popMark = 0x31, duplicate = 0x32
  case proto = 0x80, frame = 0x95
  case none = 0x4E, newTrue = 0x88, newFalse = 0x89
  case binInt = 0x4A, binInt1 = 0x4B, binInt2 = 0x4D, long1 = 0x8A, long4 = 0x8B, binFloat = 0x47
  case binString = 0x54, shortBinString = 0x55
  case binUnicode = 0x58, shortBinUnicode = 0x8C, binUnicode8 = 0x8D
  case binBytes = 0x42, shortBinBytes = 0x43, binBytes8 = 0x8E, byteArray8 = 0x96
  case emptyTuple = 0x29, tuple = 0x74, tuple1 = 0x85, tuple2 = 0x86, tuple3 = 0x87
  case emptyList = 0x5D, list = 0x6C, append = 0x61, appends = 0x65
  case emptyDictionary = 0x7D, dictionary = 0x64, setItem = 0x73, setItems = 0x75
  case emptySet = 0x8F, addItems = 0x90, frozenSet = 0x91
  case binPut = 0x71, longBinPut = 0x72, memoize = 0x94, binGet = 0x68, longBinGet = 0x6A
  case global = 0x63, stackGlobal = 0x93, binPersistentID = 0x51
  case reduce = 0x52, newObject = 0x81, newObjectEx = 0x92, build = 0x62
}

extension PickleReader {
  private mutating func run(_ instruction: PickleInstruction) throws(GraphError) {
    switch instruction {
    case .stop: break
    case .proto:
      let version = try byte()
      guard version <= 5 else { throw fault("protocol \(version) is newer than the 5 that there are") }
    case .frame: _ = try length(8)

    case .none: stack.append(.none)
    case .newTrue: stack.append(.bool(true))
    case .newFalse: stack.append(.bool(false))
    case .binInt: stack.append(.int(Int64(Int32(truncatingIfNeeded: try number(4)))))
    case .binInt1: stack.append(.int(Int64(try number(1))))
    case .binInt2: stack.append(.int(Int64(try number(2))))
    case .long1: stack.append(try integer(try take(try length(1))))
    case .long4: stack.append(try integer(try take(try length(4))))
    case .binFloat: stack.append(.double(Double(bitPattern: UInt64(bitPattern: Int64(try number(8))).byteSwapped)))

    // Text of Python 2 is bytes. What is UTF-8 is taken as text, which gives the same bytes back when it was none.
    case .binString: stack.append(Self.text(try take(try length(4))))
    case .shortBinString: stack.append(Self.text(try take(try length(1))))
    case .binUnicode: stack.append(.string(Self.unicode(try take(try length(4)))))
    case .shortBinUnicode: stack.append(.string(Self.unicode(try take(try length(1)))))
    case .binUnicode8: stack.append(.string(Self.unicode(try take(try length(8)))))
    case .binBytes: stack.append(.bytes(Array(try take(try length(4)))))
    case .shortBinBytes: stack.append(.bytes(Array(try take(try length(1)))))
    case .binBytes8, .byteArray8: stack.append(.bytes(Array(try take(try length(8)))))

    case .mark: marks.append(stack.count)
    case .pop: if marks.last == stack.count { marks.removeLast() } else { _ = try pop() }
    case .popMark: _ = try popToMark()
    case .duplicate: stack.append(try top())

    case .emptyTuple: push(PickleObject(kind: .tuple))
    case .tuple: push(PickleObject(kind: .tuple, items: try popToMark()))
    case .tuple1: push(PickleObject(kind: .tuple, items: try pop(1)))
    case .tuple2: push(PickleObject(kind: .tuple, items: try pop(2)))
    case .tuple3: push(PickleObject(kind: .tuple, items: try pop(3)))
    case .emptyList: push(PickleObject(kind: .list))
    case .list: push(PickleObject(kind: .list, items: try popToMark()))
    case .append: try append([try pop()])
    case .appends, .addItems: try append(try popToMark())
    case .emptySet: push(PickleObject(kind: .set))
    case .frozenSet: push(PickleObject(kind: .set, items: try popToMark()))
    case .emptyDictionary: push(PickleObject(kind: .dictionary))
    case .dictionary:
      let items = try popToMark()
      push(PickleObject(kind: .dictionary))
      try setItems(items)
    case .setItem: try setItems(try pop(2))
    case .setItems: try setItems(try popToMark())

    case .binPut: memo[try number(1)] = try top()
    case .longBinPut: memo[try number(4)] = try top()
    case .memoize: memo[memo.count] = try top()
    case .binGet: stack.append(try remembered(try number(1)))
    case .longBinGet: stack.append(try remembered(try number(4)))

    case .global: stack.append(.global(PickleGlobal(module: try line(), name: try line())))
    case .stackGlobal:
      let names = try pop(2)
      guard case .string(let module) = names[0], case .string(let name) = names[1] else {
        throw fault("the name of a class is no text")
      }
      stack.append(.global(PickleGlobal(module: module, name: name)))
    case .binPersistentID: push(PickleObject(kind: .storage(try storage(try pop()))))
    case .reduce:
      let call = try pop(2)
      guard case .global(let callable) = call[0] else {
        throw fault("calls \(describe(call[0])), which is no function")
      }
      stack.append(try self.call(callable, try tuple(call[1], "arguments of \(callable)")))
    case .newObject:
      let call = try pop(2)
      stack.append(try instance(of: call[0], try tuple(call[1], "arguments of a class")))
    case .newObjectEx:
      let call = try pop(3)
      guard case .object(let keywords) = call[2], objects[keywords].entries.count == 0 else {
        throw fault("makes \(describe(call[0])) with arguments by name")
      }
      stack.append(try instance(of: call[0], try tuple(call[1], "arguments of a class")))
    case .build:
      let state = try pop()
      try build(try top(), state)
    }
  }

  private mutating func instance(of type: PickleValue, _ arguments: [PickleValue]) throws(GraphError) -> PickleValue {
    guard case .global(let type) = type else {
      throw fault("makes an instance of \(describe(type)), which is no class")
    }
    if PickleCalls.isContainer(type) { return try call(type, arguments) }
    guard type.isRecordClass else { throw refused("makes an instance of", type) }
    return add(PickleObject(kind: .record(type), items: arguments))
  }

  /// Sets attributes, or gives a NumPy object its contents.
  private mutating func build(_ target: PickleValue, _ state: PickleValue) throws(GraphError) {
    guard case .object(let target) = target else { throw fault("sets attributes of \(describe(target))") }
    switch objects[target].kind {
    case .record:
      // A dictionary, or one of attributes and one of slots; anything for a class that reads its own state.
      for part in parts(of: state) {
        if part == .none { continue }
        guard case .object(let part) = part, case .dictionary = objects[part].kind else {
          objects[target].entries.set(.string("__state__"), state)
          return
        }
        let attributes = objects[part].entries
        try charge(attributes.count)
        for (key, value) in zip(attributes.keys, attributes.values) {
          objects[target].entries.set(try self.key(key), value)
        }
      }
    case .dtype(var type):
      guard case .object(let index) = state, objects[index].items.count > 1,
        case .string(let byteOrder) = objects[index].items[1]
      else { throw fault("the state of a NumPy dtype is not what NumPy writes") }
      type.byteOrder = byteOrder
      objects[target].kind = .dtype(type)
    case .array: objects[target].kind = .array(try array(state))
    // Attributes of a state dictionary (its versions, "_metadata") and of a tensor: no data.
    case .dictionary, .tensor: break
    default: throw fault("sets attributes of \(describe(.object(target)))")
    }
  }

  private func parts(of state: PickleValue) -> [PickleValue] {
    if case .object(let index) = state, case .tuple = objects[index].kind, objects[index].items.count == 2 {
      return objects[index].items
    }
    return [state]
  }
}

extension PickleReader {
  mutating func add(_ object: PickleObject) -> PickleValue {
    objects.append(object)
    return .object(objects.count - 1)
  }
  private mutating func push(_ object: PickleObject) { stack.append(add(object)) }

  /// How many values lie above the last mark.
  private var height: Int { stack.count - (marks.last ?? 0) }

  private func top() throws(GraphError) -> PickleValue {
    guard height > 0, let value = stack.last else { throw fault("takes a value from an empty stack at byte \(at)") }
    return value
  }
  private mutating func pop() throws(GraphError) -> PickleValue {
    let value = try top()
    stack.removeLast()
    return value
  }
  private mutating func pop(_ count: Int) throws(GraphError) -> [PickleValue] {
    guard height >= count else { throw fault("takes a value from an empty stack at byte \(at)") }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }
  private mutating func popToMark() throws(GraphError) -> [PickleValue] {
    guard let mark = marks.popLast() else { throw fault("goes back to a mark that is not there, at byte \(at)") }
    defer { stack.removeLast(stack.count - mark) }
    return Array(stack[mark...])
  }
  private func remembered(_ index: Int) throws(GraphError) -> PickleValue {
    guard let value = memo[index] else { throw fault("memo \(index) is read before it is set, at byte \(at)") }
    return value
  }

  private mutating func append(_ items: [PickleValue]) throws(GraphError) {
    guard case .object(let target) = try top() else { throw fault("appends to \(describe(try top()))") }
    switch objects[target].kind {
    case .list, .set, .record: objects[target].items += items
    default: throw fault("appends to \(describe(.object(target)))")
    }
  }

  private mutating func setItems(_ items: [PickleValue]) throws(GraphError) {
    guard case .object(let target) = try top(), items.count % 2 == 0 else {
      throw fault("sets entries of \(describe(try top()))")
    }
    switch objects[target].kind {
    case .dictionary, .record: break
    default: throw fault("sets entries of \(describe(.object(target)))")
    }
    for index in stride(from: 0, to: items.count, by: 2) {
      objects[target].entries.set(try key(items[index]), items[index + 1])
    }
  }

  /// The value, if an entry can have it for a key. The time to look it up is counted too.
  mutating func key(_ value: PickleValue) throws(GraphError) -> PickleValue {
    switch value {
    case .string(let text): try charge(text.utf8.count)
    case .bytes(let bytes): try charge(bytes.count)
    case .object(let index):
      switch objects[index].kind {
      case .list, .set, .dictionary: throw fault("the key of an entry is \(describe(value))")
      default: break
      }
    default: break
    }
    return value
  }

  /// The elements of a tuple.
  func tuple(_ value: PickleValue, _ what: @autoclosure () -> String) throws(GraphError) -> [PickleValue] {
    guard case .object(let index) = value, case .tuple = objects[index].kind else {
      throw fault("\(what()): expected a tuple, found \(describe(value))")
    }
    return objects[index].items
  }

  func refused(_ what: String, _ global: PickleGlobal) -> GraphError {
    fault("\(what) \(global), which is not among those that build data; nothing of a checkpoint is run")
  }

  func describe(_ value: PickleValue) -> String {
    switch value {
    case .none: "None"
    case .bool: "a bool"
    case .int, .bigInt: "an integer"
    case .double: "a float"
    case .string: "text"
    case .bytes: "bytes"
    case .global(let global): "\(global)"
    case .object(let index):
      switch objects[index].kind {
      case .tuple: "a tuple"
      case .list: "a list"
      case .set: "a set"
      case .dictionary: "a dictionary"
      case .record(let type): "an instance of \(type)"
      case .storage: "a storage"
      case .tensor: "a tensor"
      case .dtype: "a NumPy dtype"
      case .array: "a NumPy array"
      }
    }
  }
}

extension PickleReader {
  private mutating func byte() throws(GraphError) -> UInt8 { try take(1)[0] }

  private mutating func take(_ count: Int) throws(GraphError) -> UnsafeRawBufferPointer {
    guard count <= bytes.count - at else {
      throw .mismatch(
        file: file, "pickle at byte \(start)", expected: "\(count) bytes at byte \(at)", found: "\(bytes.count - at)",
        because: "its instructions say so")
    }
    defer { at += count }
    return UnsafeRawBufferPointer(rebasing: bytes[at..<at + count])
  }

  /// A little-endian number of up to 8 bytes; of 8, its bit pattern.
  private mutating func number(_ width: Int) throws(GraphError) -> Int {
    Int(truncatingIfNeeded: try take(width).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
  }

  /// A length that is in the file.
  private mutating func length(_ width: Int) throws(GraphError) -> Int {
    let length = try number(width)
    guard length >= 0, length <= bytes.count - at else {
      throw .mismatch(
        file: file, "pickle at byte \(start)", expected: "at most \(bytes.count - at) bytes",
        found: "a length of \(UInt(bitPattern: length))", because: "the file ends there")
    }
    return length
  }

  /// Text up to a line feed.
  private mutating func line() throws(GraphError) -> String {
    // No name is longer; without a limit a file of many such instructions and no line feed would take quadratic time.
    let rest = bytes[at..<min(bytes.count, at + 4096)]
    guard let end = rest.firstIndex(of: 0x0A) else { throw fault("the name of a class at byte \(at) has no end") }
    let text = String(decoding: bytes[at..<end], as: UTF8.self)
    at = end + 1
    return text
  }

  private static func text(_ bytes: UnsafeRawBufferPointer) -> PickleValue {
    if let text = String(validating: bytes, as: UTF8.self) { .string(text) } else { .bytes(Array(bytes)) }
  }

  private static func unicode(_ bytes: UnsafeRawBufferPointer) -> String { String(decoding: bytes, as: UTF8.self) }

  /// A two's complement integer, little-endian.
  private func integer(_ bytes: UnsafeRawBufferPointer) throws(GraphError) -> PickleValue {
    let isNegative = bytes.last.map { $0 >= 0x80 } ?? false
    let padding: UInt8 = isNegative ? 0xFF : 0
    var digits = Array(bytes)
    while digits.count > 8, digits.last == padding, (digits[digits.count - 2] >= 0x80) == isNegative {
      digits.removeLast()
    }
    if digits.count <= 8 {
      let value = digits.reversed().reduce(isNegative ? UInt64.max : 0) { $0 << 8 | UInt64($1) }
      return .int(Int64(bitPattern: value))
    }
    guard digits.count <= 256 else { throw fault("an integer of \(digits.count) bytes") }
    if isNegative {
      var carry = true
      for index in digits.indices {
        digits[index] = ~digits[index]
        if carry { (digits[index], carry) = digits[index].addingReportingOverflow(1) }
      }
    }
    // Division by 10 until nothing is left gives the digits, last one first.
    var text: [Character] = []
    while digits.contains(where: { $0 != 0 }) {
      var rest = 0
      for index in digits.indices.reversed() {
        let value = rest << 8 | Int(digits[index])
        digits[index] = UInt8(value / 10)
        rest = value % 10
      }
      text.append(Character("\(rest)"))
    }
    return .bigInt((isNegative ? "-" : "") + String(text.reversed()))
  }
}
