import OneiroDream
import OneiroGraph
import OneiroModel
import OneiroPasses
import OneiroPicture
import OneiroRuntime

/// A graph that looks at pictures: a classifier, an image encoder, a distance.
///
/// Pictures go in as float32 [1,3,H,W] in -1 ... 1, as in a pipeline; what else a network wants done with them (mean
/// and deviation of its training data) belongs into its graph. Where H and W are fixed, pictures are resized.
public final class PictureNetwork {
  /// What messages call it.
  public let name: String
  /// The name and the size of each input.
  private let inputs: [(name: String, height: Int?, width: Int?)]
  private let output: String
  private let runner: GraphRunner
  /// How many numbers came out the first time.
  private var outputCount: Int?

  /// - pictures: how many go in.
  /// - options: kernels, threads and passes.
  public init(_ model: Model, name: String, pictures: Int = 1, options: Dream.Options) throws(DreamError) {
    var graph: Graph
    do { graph = try InlineFunctions.apply(to: model).graph } catch { throw .graph(error) }
    guard let output = graph.outputs.first else { throw .mismatch(at: name, expected: "an output", found: "none") }
    graph = PruneDeadNodes.apply(to: graph, keeping: [output.name])
    let required = graph.requiredInputs
    guard required.count == pictures else {
      let expected = pictures == 1 ? "one input, a picture" : "\(pictures) inputs, a picture each"
      throw .mismatch(
        at: name, expected: expected, found: "\(required.count): \(required.map(\.name).joined(separator: ", "))")
    }
    var inputs: [(name: String, height: Int?, width: Int?)] = []
    for info in required {
      guard let type = info.type?.tensorType, type.elementType == .float32, let shape = type.shape, shape.count == 4,
        shape[0].agrees(with: .known(1)), shape[1].agrees(with: .known(3)), shape[2].extent != 0, shape[3].extent != 0
      else {
        throw .mismatch(
          at: "\(name): input \"\(info.name)\"", expected: "float[1,3,H,W] or float[N,3,H,W]",
          found: info.type.map { "\($0)" } ?? "no type")
      }
      inputs.append((info.name, shape[2].extent, shape[3].extent))
    }
    self.name = name
    self.inputs = inputs
    self.output = output.name
    runner = GraphRunner(graph, planner: options.planner)
  }

  /// The network in a file.
  public convenience init(contentsOf path: String, pictures: Int = 1, options: Dream.Options) throws(DreamError) {
    let model: Model
    do { model = try ModelReader.load(path) } catch { throw .graph(error) }
    try self.init(model, name: path, pictures: pictures, options: options)
  }

  /// All numbers of the first output, as many for every picture.
  public func values(_ pictures: Picture...) throws(DreamError) -> [Float] {
    precondition(pictures.count == inputs.count)
    var given: [String: Value] = [:]
    for (input, picture) in zip(inputs, pictures) {
      given[input.name] = .tensor(
        picture.resized(width: input.width ?? picture.width, height: input.height ?? picture.height).tensor)
    }
    let results: [String: Value]
    do { results = try runner.run(given) } catch { throw DreamError.run(error).located(in: name) }
    guard let tensor = results[output]?.tensor, tensor.elementType.isFloatingPoint, tensor.count > 0 else {
      throw .mismatch(
        at: "\(name): output \"\(output)\"", expected: "numbers", found: results[output].map { "\($0.type)" } ?? "none")
    }
    let values = tensor.doubles().map(Float.init)
    guard values.count == outputCount ?? values.count else {
      throw .mismatch(
        at: "\(name): output \"\(output)\"", expected: "\(outputCount ?? 0) numbers for every picture",
        found: "\(values.count)")
    }
    outputCount = values.count
    guard let bad = values.firstIndex(where: { !$0.isFinite }) else { return values }
    throw .mismatch(
      at: "\(name): output \"\(output)\" element \(bad)", expected: "a finite number", found: "\(values[bad])")
  }
}
