import ArgumentParser
import Glibc
import OneiroGraph

/// The shapes with which a model is planned: those given, and 1 for every named dimension that nobody gave.
struct InputTypes {
  /// For each input that the model needs, and for those with a default that were given a shape.
  let types: [String: TensorType]
  /// Names of dimensions that became 1, in the order they come up.
  let assumed: [String]

  /// - given: extents by input. A named dimension has the same extent in every input.
  init(of graph: Graph, given: [String: [Int]]) throws(GraphError) {
    if let stranger = given.keys.filter({ name in !graph.inputs.contains { $0.name == name } }).sorted().first {
      let names = graph.inputs.map(\.name).joined(separator: ", ")
      throw .mismatch("input \"\(stranger)\"", expected: "one of \(names)", found: "a name that the model has not")
    }
    var extents: [String: Int] = [:]
    for input in graph.inputs {
      guard let dims = given[input.name], let shape = input.type?.tensorType?.shape else { continue }
      let fits = dims.count == shape.count && zip(shape, dims).allSatisfy { $0.agrees(with: .known($1)) }
      guard fits else {
        throw .mismatch("input \"\(input.name)\"", expected: "\(input.type!)", found: "shape \(dims)")
      }
      for case (.symbol(let name), let extent) in zip(shape, dims) {
        guard extents.updateValue(extent, forKey: name) ?? extent == extent else {
          throw .invalid("input \"\(input.name)\"", "dimension \(name) is given two extents")
        }
      }
    }
    var types: [String: TensorType] = [:]
    var assumed: [String] = []
    for input in graph.inputs {
      guard given[input.name] != nil || graph.initializers[input.name] == nil else { continue }
      guard let type = input.type?.tensorType else {
        let found = input.type.map { "\($0)" } ?? "no type"
        throw .mismatch("input \"\(input.name)\"", expected: "a tensor, whose shape is enough to plan", found: found)
      }
      if let dims = given[input.name] {
        types[input.name] = TensorType(type.elementType, dims: dims)
      } else {
        guard let shape = type.shape, !shape.contains(.unknown) else {
          throw .invalid(
            "input \"\(input.name)\"", "has unknown dimensions, \(type): give them, as in --input \(input.name)=1x3")
        }
        types[input.name] = TensorType(
          type.elementType,
          shape.map { dimension in
            guard case .symbol(let name) = dimension else { return dimension }
            if extents[name] == nil && !assumed.contains(name) { assumed.append(name) }
            return .known(extents[name] ?? 1)
          })
      }
      try Self.checkSize(types[input.name]!, of: input.name)
    }
    self.types = types
    self.assumed = assumed
  }

  /// Shapes by input, as `--input NAME=DIMS` gives them.
  static func shapes(_ arguments: [String]) throws -> [String: [Int]] {
    var shapes: [String: [Int]] = [:]
    for argument in arguments {
      let pair = try NamedArgument(argument, option: "--input", form: "NAME=DIMS")
      guard let dims = dims(pair.text) else {
        throw ValidationError("--input \(pair.name): expected extents such as 1x128x512, found \"\(pair.text)\"")
      }
      shapes[pair.name] = dims
    }
    return shapes
  }

  /// `1x128x512`, or `scalar`; `nil` for anything else.
  static func dims(_ text: String) -> [Int]? {
    if text == "scalar" { return [] }
    let parts = text.split(separator: "x", omittingEmptySubsequences: false)
    let dims = parts.compactMap { part in part.allSatisfy(\.isASCIIDigit) ? Int(part) : nil }
    return dims.count == parts.count ? dims : nil
  }

  /// A shape that no machine can hold is a slip of the hand.
  private static func checkSize(_ type: TensorType, of name: String) throws(GraphError) {
    let memory = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    let byteCount = type.dims.flatMap(Tensor.elementCount).flatMap(type.elementType.byteCount)
    guard let byteCount, byteCount <= memory else {
      throw .mismatch(
        "input \"\(name)\"", expected: "a shape of \(memory) bytes at most", found: "\(type)",
        because: "the machine has so many")
    }
  }
}

/// What went wrong with dimensions that were taken as 1.
struct AssumedDimensions: Error, CustomStringConvertible {
  let names: [String]
  let error: any Error

  /// Runs `body`; an error that shapes may be to blame for says which dimensions nobody gave.
  static func explaining<Result>(_ names: [String], _ body: () throws -> Result) throws -> Result {
    do { return try body() } catch {
      throw names.isEmpty ? error : AssumedDimensions(names: names, error: error)
    }
  }

  var description: String {
    "\(error) (taken as 1: \(names.joined(separator: ", ")); give shapes, as in --input sample=1x4x64x64)"
  }
}

extension Character {
  fileprivate var isASCIIDigit: Bool { isASCII && isNumber }
}

/// `NAME=REST`, as options take it.
struct NamedArgument {
  let name: String
  let text: String

  /// - option, form: what a wrong one is told: `--input`, `NAME=FILE`.
  init(_ argument: String, option: String, form: String) throws {
    // A value's name may hold "=", a shape or an option's file rarely does: the last one counts.
    guard let separator = argument.lastIndex(of: "="), separator != argument.startIndex,
      argument.index(after: separator) != argument.endIndex
    else { throw ValidationError("\(option): expected \(form), found \"\(argument)\"") }
    name = String(argument[..<separator])
    text = String(argument[argument.index(after: separator)...])
  }

  /// - Throws: where one of several has no such form, or two have one name.
  static func check(_ arguments: [String], option: String, form: String) throws {
    var names: Set<String> = []
    for argument in arguments {
      let name = try NamedArgument(argument, option: option, form: form).name
      guard names.insert(name).inserted else {
        throw ValidationError("\(option): expected each name once, found \"\(name)\" twice")
      }
    }
  }
}
