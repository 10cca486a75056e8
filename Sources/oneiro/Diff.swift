import ArgumentParser
import OneiroDream
import OneiroGraph
import OneiroModel
import OneiroRuntime

struct Diff: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what is different between two models, or between a model and what the passes make of it.",
    discussion: """
      Nodes are matched by the value they write. With one model, the graph of the file is compared with the optimized one,
      for which dimensions with a name are 1 unless given.

        oneiro diff unet.onnx other.onnx
        oneiro diff unet.onnx --input sample=1x4x64x64
        oneiro diff old.onnx new.onnx --stage optimized
        oneiro diff unet.onnx unet-w8.onnx --verbose

      A table counts what was added, removed and changed; the first differences follow, or with --verbose all of them.
      Inputs, outputs, nodes, their bodies and initializers are compared, but not local functions, sparse initializers and
      metadata. Exit status is 0 when nothing differs and 1 otherwise; a message on standard error tells when something
      failed.
      """.flowing)

  enum Stage: String, ExpressibleByArgument, CaseIterable { case loaded, optimized }

  @Argument(help: "An ONNX file.") var old: String
  @Argument(help: "Another one; without it, the first after all passes.") var new: String?
  @Option(help: ArgumentHelp("The part of pipeline files to compare, such as unet.", valueName: "role"))
  var role: String?
  @Option(help: "Of two models: the graphs of the files (loaded), or after all passes (optimized).")
  var stage = Stage.loaded
  @Option(help: ArgumentHelp("The shape of an input, such as eeg=1x128x512, or NAME=scalar.", valueName: "name=dims"))
  var input: [String] = []
  @Flag(help: "Show every difference, and not only the first \(DiffReport.shortCount).") var verbose = false
  @Flag(help: "Print one JSON object.") var json = false
  @OptionGroup var options: BackendOptions

  func run() throws {
    let first = try load(old), second = try new.map(load) ?? first
    let isOptimized = stage == .optimized
    let before = new != nil && isOptimized ? try optimized(first, old) : first.graph
    let after = new == nil || isOptimized ? try optimized(second, new ?? old) : second.graph
    let difference = GraphDifference(before, after)
    print(json ? document(difference).text : DiffReport(difference).text(isWhole: verbose))
    if !difference.isEmpty { throw ExitCode(1) }
  }

  private func load(_ path: String) throws -> Model {
    let model = try ModelReader.load(path)
    return try role.map { try PipelineBuilder.extract($0, from: model, name: path) } ?? model
  }

  private func optimized(_ model: Model, _ path: String) throws -> Graph {
    try OptimizedModel(model, path: path, shapes: try InputTypes.shapes(input), options: options).graph
  }

  private func document(_ difference: GraphDifference) -> JSONValue {
    .object([
      ("equal", .bool(difference.isEmpty)),
      (
        "differences",
        .array(
          difference.lines.map { line in
            let change: [(String, JSONValue)] =
              switch line.change {
              case .added: [("change", .string("added"))]
              case .removed: [("change", .string("removed"))]
              case .changed(let was, let new):
                [("change", .string("changed")), ("was", .string(was)), ("is", .string(new))]
              }
            return .object(
              [("kind", .string(line.kind)), ("name", .string(line.name)), ("detail", .string(line.detail))] + change)
          })
      ),
    ])
  }
}
