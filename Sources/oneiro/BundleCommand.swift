import ArgumentParser
import Foundation
import OneiroDream
import OneiroGraph

struct BundleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bundle",
    abstract: "Make pipeline files, look into them, and change their parts.",
    subcommands: [Create.self, List.self, Extract.self, Replace.self])

  struct Create: FileWriting {
    static let configuration = CommandConfiguration(
      abstract: "Wire exported models into one pipeline file.",
      usage: "oneiro bundle create [<options>] <pipeline> [<parts> ...]",
      discussion: """
        A folder holds ROLE.onnx or ROLE/model.onnx for some roles, scheduler.json, and preparation.json, which says how
        recordings become what the model takes. ROLE=FILE adds a part or takes another file for it. Each part's weights go to
        a file of their own beside the pipeline file.

        Guidance (oneiro dream --guidance) needs a context that stands for no condition, [T,D] or [1,T,D], in a .npy
        file, or FILE.npz:NAME or FILE.safetensors:NAME.

          oneiro bundle create pipeline.onnx --from Models/parts
          oneiro bundle create pipeline.onnx --scheduler scheduler.json \\
            unet=unet.onnx vae_decoder=vae.onnx ...
          oneiro bundle create pipeline.onnx --from Models/parts \\
            --unconditional null.safetensors:context
        """.flowing)
    @Argument(help: "The pipeline file to write.") var pipeline: String
    @Argument(help: "Parts as ROLE=FILE.") var parts: [String] = []
    @Option(name: .customLong("from"), help: ArgumentHelp("A folder of parts.", valueName: "dir")) var folder: String?
    @Option(help: ArgumentHelp("The noise schedule and sampler.", valueName: "json")) var scheduler: String?
    @Option(help: ArgumentHelp("How recordings are prepared.", valueName: "json")) var preparation: String?
    @Option(help: ArgumentHelp("The context that stands for no condition.", valueName: "file")) var unconditional:
      String?

    func validate() throws {
      guard folder != nil || !parts.isEmpty else {
        throw ValidationError("say what to bundle: --from DIR, or ROLE=FILE ...")
      }
      for part in parts where part.split(separator: "=", maxSplits: 1).count != 2 {
        throw ValidationError("expected ROLE=FILE, found \"\(part)\"")
      }
    }

    var outputFiles: [String] { [pipeline] }

    func run() throws {
      var found = PartFiles(parts: [:])
      if let folder { found = try Bundle.files(inFolder: folder) }
      for part in parts {
        let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
        found.parts[pair[0]] = pair[1]
      }
      if let scheduler { found.schedulerFile = scheduler }
      if let preparation { found.preparationFile = preparation }
      try Bundle.create(pipeline, found, unconditional: unconditional)
      print("\(pipeline): \(try Bundle.list(pipeline).map(\.role).joined(separator: ", "))")
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the parts of a pipeline file.")
    @Argument(help: "A pipeline file.") var pipeline: String
    @Flag(help: "Print one JSON object.") var json = false

    func run() throws {
      let parts = try Bundle.list(pipeline)
      if json {
        let rows = parts.map { part -> [String: Any] in
          var row: [String: Any] = [
            "role": part.role, "op": part.opType, "nodes": part.nodeCount, "weight_bytes": part.weightByteCount,
            "weights_sha256": part.weightsHash ?? "",
            "inputs": part.inputs.map { ["name": $0.name, "type": $0.type.map { "\($0)" } ?? ""] },
            "outputs": part.outputs.map { ["name": $0.name, "type": $0.type.map { "\($0)" } ?? ""] },
          ]
          if let context = part.unconditional { row["unconditional_context"] = "\(context)" }
          if let guidance = part.guidance { row["guidance"] = Double(guidance) }
          return row
        }
        print(
          String(
            decoding: try JSONSerialization.data(withJSONObject: ["parts": rows], options: [.sortedKeys]), as: UTF8.self
          ))
        return
      }
      for part in parts {
        let values = { (infos: [String]) in infos.joined(separator: ", ") }
        let inputs = values(part.inputs.map { "\($0.name) \($0.type.map { "\($0)" } ?? "?")" })
        let outputs = values(part.outputs.map { "\($0.name) \($0.type.map { "\($0)" } ?? "?")" })
        let size = "\(counted(part.nodeCount, "node")), \(counted(part.weightByteCount, "byte")) of weights"
        print("\(part.role)  (\(part.opType), \(size))")
        print("    \(inputs)\n    -> \(outputs)")
        if let context = part.unconditional {
          print("    unconditional context \(context), guidance \(part.guidance ?? 1)")
        }
      }
    }
  }

  struct Extract: FileWriting {
    static let configuration = CommandConfiguration(abstract: "Write one part as a plain ONNX file.")
    @Argument(help: "A pipeline file.") var pipeline: String
    @Argument(help: "The part's role.") var role: String
    @Option(help: ArgumentHelp("The file to write.", valueName: "onnx")) var out: String

    var outputFiles: [String] { [out] }

    func run() throws {
      try OutputFile.checkDistinct([out], inputs: [pipeline])
      try Bundle.extract(role, from: pipeline, to: out)
      print("\(out): \(role) of \(pipeline)")
    }
  }

  struct Replace: FileWriting {
    static let configuration = CommandConfiguration(
      abstract:
        "Put another graph in the place of a part, or another unconditional context or preparation into the pipeline.",
      usage: "oneiro bundle replace [<options>] <pipeline> [<part>]",
      discussion: """
        The new part has to take and give what the old one does.

          oneiro bundle replace pipeline.onnx unet=other.onnx
          oneiro bundle replace pipeline.onnx --unconditional null.npy
          oneiro bundle replace pipeline.onnx --preparation preparation.json
        """.flowing)
    @Argument(help: "A pipeline file.") var pipeline: String
    @Argument(help: "ROLE=FILE.") var part: String?
    @Option(help: ArgumentHelp("The context that stands for no condition.", valueName: "file")) var unconditional:
      String?
    @Option(help: ArgumentHelp("How recordings are prepared.", valueName: "json")) var preparation: String?

    func validate() throws {
      guard [part, unconditional, preparation].count(where: { $0 != nil }) == 1 else {
        throw ValidationError("say what to replace: ROLE=FILE, --unconditional FILE, or --preparation FILE")
      }
      if let part, part.split(separator: "=", maxSplits: 1).count != 2 {
        throw ValidationError("expected ROLE=FILE, found \"\(part)\"")
      }
    }

    /// The pipeline is read, and written anew.
    var outputFiles: [String] { [pipeline] }

    func run() throws {
      if let unconditional {
        try Bundle.replaceUnconditional(in: pipeline, with: unconditional)
        print("\(pipeline): the unconditional context is \(unconditional) now")
      }
      if let preparation {
        try Bundle.replacePreparation(in: pipeline, with: preparation)
        print("\(pipeline): recordings are prepared as \(preparation) says now")
      }
      if let pair = part?.split(separator: "=", maxSplits: 1).map(String.init) {
        try Bundle.replace(pair[0], in: pipeline, with: pair[1])
        print("\(pipeline): \(pair[0]) is \(pair[1]) now")
      }
    }
  }
}
