import ArgumentParser
import Foundation
import OneiroDream
import OneiroGraph
import OneiroModel
import OneiroRuntime

struct Run: FileWriting {
  static let configuration = CommandConfiguration(
    abstract: "Run a model on arrays from files.",
    discussion: """
      Files are .npy, .npz (FILE.npz:name), .safetensors (FILE.safetensors:name), .pb (TensorProto), or .png for
      pictures, float[1,3,H,W] in -1 ... 1.

        oneiro run unet.onnx --output-dir results \\
          --input sample=x.npy --input timestep=t.npy --input context=c.npy
        oneiro run unet_w8.onnx --max-memory 300M \\
          --input sample=x.npy --input timestep=t.npy --input context=c.npy
      """.flowing)

  @Argument(help: "An ONNX file.") var model: String
  @Option(name: .long, help: ArgumentHelp("A value for an input.", valueName: "name=file")) var input: [String] = []
  @Option(name: .long, help: ArgumentHelp("Where to write an output.", valueName: "name=file")) var output: [String] =
    []
  @Option(help: ArgumentHelp("Write every output to DIR/<name>.npy.", valueName: "dir")) var outputDir: String?
  @Flag(help: "Fail when a value is NaN or infinite, and name the node that made it.") var checkFinite = false
  @OptionGroup var options: BackendOptions
  @OptionGroup var memory: MemoryOption
  @OptionGroup var packed: PackedOption
  @OptionGroup var verbosity: VerboseOption

  func validate() throws {
    try NamedArgument.check(input, option: "--input", form: "NAME=FILE")
    for argument in output { _ = try NamedArgument(argument, option: "--output", form: "NAME=FILE") }
  }

  var outputFiles: [String] {
    get throws { try output.map { try NamedArgument($0, option: "--output", form: "NAME=FILE").text } }
  }

  var outputFolders: [String] { outputDir.map { [$0] } ?? [] }

  func run() throws { try packed.keeping(verbosity, run(keeping:)) }

  private func run(keeping packed: PackedWeights?) throws {
    let wanted = try output.map { try NamedArgument($0, option: "--output", form: "NAME=FILE") }
    let isSelective = !wanted.isEmpty && outputDir == nil
    let loaded = try LoadedModel(path: model, outputs: isSelective ? wanted.map(\.name) : nil)
    if let stranger = wanted.first(where: { pair in !loaded.graph.outputs.contains { $0.name == pair.name } }) {
      let names = loaded.graph.outputs.map(\.name).joined(separator: ", ")
      throw GraphError.mismatch(
        file: model, "output \"\(stranger.name)\"", expected: "one of \(names)", found: "a name that the model has not")
    }
    try OutputFile.checkDistinct(
      outputFiles,
      inputs: [model] + loaded.model.externalFiles
        + input.map { ArrayFile.file(of: try NamedArgument($0, option: "--input", form: "NAME=FILE").text) })
    var inputs: [String: Value] = [:]
    for argument in input {
      let pair = try NamedArgument(argument, option: "--input", form: "NAME=FILE")
      guard let info = loaded.model.graph.inputs.first(where: { $0.name == pair.name }) else {
        let names = loaded.model.graph.inputs.map(\.name).joined(separator: ", ")
        throw GraphError.mismatch(
          file: model, "input \"\(pair.name)\"", expected: "one of \(names)", found: "a name that the model has not")
      }
      // One that the wanted outputs do not depend on is fine, and not read.
      guard loaded.graph.inputs.contains(where: { $0.name == pair.name }) else { continue }
      inputs[pair.name] = try ValueOrPicture.read(pair.text, as: info.type)
      // So that the forecast, which begins with what is in memory, has them; a bound counts inputs by itself.
      if memory.maxMemory == nil { inputs[pair.name]?.tensor?.stored?.storage.bringIn() }
    }
    let files = try outputDir == nil ? [:] : Self.fileNames(loaded.graph.outputs.map(\.name))
    let planner = try options.planner(maxMemory: memory.maxMemory?.bytes, packed: packed)
    let runner = GraphRunner(loaded.graph, planner: planner)
    runner.didPlan = verbosity.announce
    var runOptions = RunOptions()
    runOptions.checksFinite = checkFinite
    let results: [String: Value]
    do { results = try runner.run(inputs, runOptions) } catch { throw error.located(in: model) }
    if checkFinite { try checkNumbers(inputs) }
    options.checkStopAfter(runner.planner.rewriteLog.entries.count)
    try write(results, wanted, inFolder: files)
    for output in loaded.graph.outputs {
      if let value = results[output.name] { print("\(output.name): \(value.type)") }
    }
    var counts: [String: Int] = [:]
    for plan in runner.lastPlans { for (source, count) in plan.placement { counts[source, default: 0] += count } }
    let placement = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { "\(counted($0.value, "node")) on \($0.key)" }
    verbosity.conclude()
    print(placement.isEmpty ? "all nodes were computed while planning" : placement.joined(separator: ", "))
  }

  /// Writes all that is asked for, or changes nothing.
  /// - files: by output, names of files in `outputDir`.
  private func write(
    _ results: [String: Value], _ wanted: [NamedArgument], inFolder files: [String: String]
  ) throws {
    var places = wanted.map { (name: $0.name, path: $0.text) }
    var isNewFolder = false
    if let outputDir {
      isNewFolder = !OutputFile.isFolder(OutputFile.withoutSlash(outputDir))
      try OutputFile.makeFolder(outputDir)
      places += results.keys.sorted().map { ($0, "\(outputDir)/\(files[$0] ?? $0).npy") }
    }
    do {
      let finished = try places.compactMap { place -> FinishedFile? in
        guard let value = results[place.name] else { return nil }
        try OutputFile.checkWritable(place.path)
        let file = try ValueOrPicture.finished(value, at: place.path, name: place.name)
        try file.close()
        return file
      }
      for file in finished { try file.commit() }
    } catch {
      // Where somebody else has put something into it meanwhile, it stays.
      if isNewFolder, let outputDir { rmdir(outputDir) }
      throw error
    }
  }

  /// A NaN that goes in comes out of float operators, where it is found; what rounds to bytes makes a number of it.
  private func checkNumbers(_ inputs: [String: Value]) throws(GraphError) {
    for (name, value) in inputs.sorted(by: { $0.key < $1.key }) {
      guard let element = value.tensor.flatMap(FiniteCheck.firstNaN) else { continue }
      throw .mismatch(
        file: model, "input \"\(name)\"", expected: "numbers, as --check-finite asks",
        found: "NaN as element \(element)")
    }
  }

  /// A file name for each output, with "_" for the slashes in it.
  private static func fileNames(_ outputs: [String]) throws -> [String: String] {
    var files: [String: String] = [:]
    for name in outputs {
      let file = String(name.map { $0 == "/" ? "_" : $0 })
      if let other = files.first(where: { $0.value == file })?.key {
        throw ValidationError(
          "--output-dir: outputs \"\(other)\" and \"\(name)\" would both be \(file).npy; name files with --output")
      }
      files[name] = file
    }
    return files
  }
}
