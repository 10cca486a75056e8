import FoundationEssentials
import OneiroGraph

/// The files of a Stable Diffusion model as the diffusers library saves it: a folder for each part.
///
///     unet/config.json, unet/diffusion_pytorch_model.safetensors
///     vae/config.json, vae/diffusion_pytorch_model.safetensors
///     image_encoder/config.json, image_encoder/model.safetensors
///     scheduler/scheduler_config.json
///
/// Folders of other parts, such as the text encoder, are left alone. Only paths are found here; nothing but the lists
/// of parts of large files is read.
public struct DiffusersFolder: Sendable {
  public let path: String
  public let unet: Part?
  public let vae: Part?
  public let imageEncoder: Part?
  /// The path of `scheduler_config.json`.
  public let scheduler: String?

  /// The files of one part.
  public struct Part: Sendable, Equatable {
    /// The paths of the files that hold the tensors, sorted.
    public let weights: [String]
    /// The path of `config.json`.
    public let configuration: String?
    /// Which file each tensor is in, where the weights come with an index.
    let index: [String: String]?
  }

  public init(_ path: String) throws(GraphError) {
    self.path = path
    unet = try Self.part("\(path)/unet", stems: ["diffusion_pytorch_model"])
    vae = try Self.part("\(path)/vae", stems: ["diffusion_pytorch_model"])
    imageEncoder = try Self.part("\(path)/image_encoder", stems: ["model", "pytorch_model"])
    scheduler = Self.existing("\(path)/scheduler/scheduler_config.json")
    guard unet != nil || vae != nil || imageEncoder != nil else {
      throw .mismatch(
        file: path, nil, expected: "a folder with weights in unet/, vae/ or image_encoder/, as diffusers saves them",
        found: "none of them")
    }
  }

  /// - stems: what the files of weights may be called.
  private static func part(_ folder: String, stems: [String]) throws(GraphError) -> Part? {
    let configuration = existing("\(folder)/config.json")
    // Full precision before half, safetensors before pickles, each in one file before several with an index.
    for variant in ["", ".fp16"] {
      for format in ["safetensors", "bin"] {
        for stem in stems {
          if let file = existing("\(folder)/\(stem)\(variant).\(format)") {
            return Part(weights: [file], configuration: configuration, index: nil)
          }
          if let list = existing("\(folder)/\(stem).\(format).index\(variant).json") {
            let index = try index(list, in: folder)
            return Part(weights: Set(index.values).sorted(), configuration: configuration, index: index)
          }
        }
      }
    }
    guard configuration == nil else {
      throw .mismatch(
        file: folder, nil, expected: "\(stems[0]).safetensors, or another file of weights", found: "config.json alone")
    }
    return nil
  }

  /// The path of each tensor's file, from {"weight_map": {"conv_in.weight": "model-00001-of-00002.safetensors"}}.
  private static func index(_ list: String, in folder: String) throws(GraphError) -> [String: String] {
    struct Index: Decodable { var weight_map: [String: String] }
    let file = try MappedFile(list)
    let names: [String: String]
    do {
      names = try JSONDecoder().decode(Index.self, from: file.withBytes { Data($0) }).weight_map
    } catch {
      throw .mismatch(
        file: list, nil, expected: "JSON with a weight_map from tensors to files",
        found: "\(file.bytes.count) other bytes"
      )
    }
    var paths: [String: String] = [:]
    for (tensor, name) in names.sorted(by: { $0.key < $1.key }) {
      let what = "weight_map, tensor \"\(tensor.prefix(200))\""
      guard !name.isEmpty, !name.contains("/"), !name.contains("\0"), name != ".", name != ".." else {
        throw .mismatch(file: list, what, expected: "a file in the same folder", found: "\"\(name.prefix(200))\"")
      }
      guard let path = existing("\(folder)/\(name)") else {
        throw .mismatch(file: list, what, expected: "the file \"\(name.prefix(200))\" beside it", found: "none")
      }
      paths[tensor] = path
    }
    guard !paths.isEmpty else { throw .mismatch(file: list, "weight_map", expected: "tensors", found: "none") }
    return paths
  }

  private static func existing(_ path: String) -> String? {
    var isFolder = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder ? path : nil
  }
}

extension DiffusersFolder.Part {
  /// The tensors of all the files, each under the name that it has there.
  /// - read: reads one of `weights`.
  public func tensors(
    _ read: (String) throws(GraphError) -> Checkpoint
  ) throws(GraphError) -> [String: CheckpointTensor] {
    var tensors: [String: CheckpointTensor] = [:]
    for path in weights {
      for (name, tensor) in try read(path).tensors {
        // A file may hold more than the index asks of it.
        if let owner = index?[name], owner != path { continue }
        guard tensors.updateValue(tensor, forKey: name) == nil else {
          throw .mismatch(file: path, "tensor \"\(name)\"", expected: "one in all files", found: "a second one")
        }
      }
    }
    for (name, path) in (index ?? [:]).sorted(by: { $0.key < $1.key }) where tensors[name] == nil {
      throw .mismatch(file: path, "tensor \"\(name)\"", expected: "a tensor, as the index says", found: "none")
    }
    return tensors
  }
}
