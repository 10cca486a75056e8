import ArgumentParser
import OneiroDream
import OneiroGraph
import OneiroModel
import OneiroRuntime

/// Inputs of a model for a run whose results nobody looks at: those given, and noise for the rest.
struct MadeUpInputs: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "An array for an input, or the shape of one that is made up: sample=x.npy, sample=1x4x64x64.",
      valueName: "name=file|dims"))
  var input: [String] = []
  @Option(help: ArgumentHelp("Seed of the inputs that are made up.", valueName: "n")) var seed: UInt64 = 0

  func validate() throws {
    try NamedArgument.check(input, option: "--input", form: "NAME=FILE or NAME=DIMS")
  }

  /// Of those that are given, the files.
  var files: [String] {
    input.compactMap { try? NamedArgument($0, option: "--input", form: "").text }
      .filter { InputTypes.dims($0) == nil }.map(ArrayFile.file)
  }

  /// Values for all inputs that the graph needs, and the names of dimensions that were taken as 1.
  /// - model: for errors.
  func values(for graph: Graph, model: String) throws -> (values: [String: Value], assumed: [String]) {
    var values: [String: Value] = [:]
    var shapes: [String: [Int]] = [:]
    for argument in input {
      let pair = try NamedArgument(argument, option: "--input", form: "NAME=FILE or NAME=DIMS")
      if let dims = InputTypes.dims(pair.text) {
        shapes[pair.name] = dims
      } else {
        let value = try ValueOrPicture.read(pair.text, as: graph.inputs.first { $0.name == pair.name }?.type)
        values[pair.name] = value
        if let tensor = value.tensor { shapes[pair.name] = tensor.dims }
      }
    }
    do {
      var open = graph
      open.inputs.removeAll { values[$0.name].map { $0.tensor == nil } ?? false }
      let types = try InputTypes(of: open, given: shapes)
      var generator = TorchGenerator(seed: seed)
      for info in open.inputs where values[info.name] == nil {
        guard let type = types.types[info.name] else { continue }
        values[info.name] = .tensor(try Self.madeUp(type, for: info.name, &generator))
      }
      return (values, types.assumed)
    } catch {
      throw error.located(in: model)
    }
  }

  static func binding(_ value: Value) -> Planner.Binding {
    guard let tensor = value.tensor, tensor.elementType != .string else { return .value(value) }
    return .type(TensorType(tensor.elementType, dims: tensor.dims))
  }

  /// Small integers fit as indices, flags and time steps alike.
  private static func madeUp(_ type: TensorType, for name: String, _ generator: inout TorchGenerator) throws(GraphError)
    -> Tensor
  {
    let dims = type.dims ?? []
    guard let count = Tensor.elementCount(dims), type.elementType != .string, !type.elementType.isComplex else {
      throw .mismatch("input \"\(name)\"", expected: "numbers, or a file with --input \(name)=FILE", found: "\(type)")
    }
    if type.elementType.isFloatingPoint {
      return Tensor(type.elementType, doubles: generator.randn(count).map(Double.init), dims: dims)
    }
    return Tensor(type.elementType, int64s: generator.randint(0..<2, count: count), dims: dims)
  }
}
