import Foundation
import OneiroGraph
import OneiroModel
import OneiroTestSupport
import Testing

@Suite struct DiffusersFolderTests {
  /// A folder with these files, empty unless they are given with a text.
  private static func folder(_ files: [String], texts: [String: String] = [:]) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for name in files + texts.keys {
      let url = URL(fileURLWithPath: folder.file(name))
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data((texts[name] ?? "").utf8).write(to: url)
    }
    return folder
  }

  @Test func partsAreFound() throws {
    let folder = try Self.folder([
      "unet/config.json", "unet/diffusion_pytorch_model.safetensors", "vae/config.json",
      "vae/diffusion_pytorch_model.bin", "image_encoder/config.json", "image_encoder/model.safetensors",
      "scheduler/scheduler_config.json", "text_encoder/model.safetensors", "model_index.json",
    ])
    let found = try DiffusersFolder(folder.path)
    #expect(found.unet?.weights == [folder.file("unet/diffusion_pytorch_model.safetensors")])
    #expect(found.unet?.configuration == folder.file("unet/config.json"))
    #expect(found.vae?.weights == [folder.file("vae/diffusion_pytorch_model.bin")])
    #expect(found.imageEncoder?.weights == [folder.file("image_encoder/model.safetensors")])
    #expect(found.scheduler == folder.file("scheduler/scheduler_config.json"))
  }

  /// Each of these files is taken when those before it are not there.
  @Test func orderOfPreference() throws {
    let index = #"{"metadata": {"total_size": 4}, "weight_map": {"a": "shard.safetensors"}}"#
    let files = [
      "diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.safetensors.index.json",
      "diffusion_pytorch_model.bin", "diffusion_pytorch_model.bin.index.json",
      "diffusion_pytorch_model.fp16.safetensors", "diffusion_pytorch_model.safetensors.index.fp16.json",
      "diffusion_pytorch_model.fp16.bin",
    ]
    for (position, first) in files.enumerated() {
      let texts = files[position...].reduce(into: ["unet/shard.safetensors": ""]) {
        $0["unet/\($1)"] = $1.contains("index") ? index : ""
      }
      let folder = try Self.folder([], texts: texts)
      let expected = first.contains("index") ? "shard.safetensors" : first
      #expect(try DiffusersFolder(folder.path).unet?.weights == [folder.file("unet/\(expected)")])
    }
    let folder = try Self.folder(["image_encoder/pytorch_model.bin"])
    #expect(try DiffusersFolder(folder.path).imageEncoder?.weights == [folder.file("image_encoder/pytorch_model.bin")])
  }

  private static let shards = #"{"weight_map": {"a": "1.safetensors", "b": "2.safetensors", "c": "1.safetensors"}}"#

  @Test func shardsAreReadTogether() throws {
    let folder = try Self.folder(
      ["unet/1.safetensors", "unet/2.safetensors"],
      texts: ["unet/diffusion_pytorch_model.safetensors.index.json": Self.shards])
    let part = try #require(try DiffusersFolder(folder.path).unet)
    #expect(part.weights == [folder.file("unet/1.safetensors"), folder.file("unet/2.safetensors")])
    func read(_ files: [[String]]) throws(GraphError) -> [String: CheckpointTensor] {
      try part.tensors { (path) throws(GraphError) in
        let file = path.hasSuffix("1.safetensors") ? 0 : 1
        let names = files[file].map { ($0, CheckpointTensor(Tensor(scalar: Float(file)))) }
        return Checkpoint(source: path, tensors: Dictionary(uniqueKeysWithValues: names))
      }
    }
    let tensors = try read([["a", "c"], ["b", "c", "d"]])
    #expect(tensors.keys.sorted() == ["a", "b", "c", "d"])
    #expect(try tensors["c"]?.read().elements(of: Float.self) == [0])
    #expect(
      message { _ = try read([["a"], ["b"]]) }
        == "\(folder.file("unet/1.safetensors")): tensor \"c\": expected a tensor, as the index says, found none")
    #expect(
      message { _ = try read([["a", "c", "d"], ["b", "d"]]) }
        == "\(folder.file("unet/2.safetensors")): tensor \"d\": expected one in all files, found a second one")
  }

  @Test(arguments: [
    (
      #"{"weight_map": {"a": "../2.safetensors"}}"#,
      "weight_map, tensor \"a\": expected a file in the same folder, found \"../2.safetensors\""
    ),
    (
      #"{"weight_map": {"a": "/etc/passwd"}}"#,
      "weight_map, tensor \"a\": expected a file in the same folder, found \"/etc/passwd\""
    ),
    (#"{"weight_map": {"a": ""}}"#, "weight_map, tensor \"a\": expected a file in the same folder, found \"\""),
    (#"{"weight_map": {"a": "3.bin"}}"#, "weight_map, tensor \"a\": expected the file \"3.bin\" beside it, found none"),
    (#"{"weight_map": {}}"#, "weight_map: expected tensors, found none"),
    (#"{"weight_map": [1]}"#, "expected JSON with a weight_map from tensors to files, found 19 other bytes"),
    ("", "expected JSON with a weight_map from tensors to files, found 0 other bytes"),
  ])
  func badIndex(json: String, text: String) throws {
    let name = "unet/diffusion_pytorch_model.safetensors.index.json"
    let folder = try Self.folder(["2.safetensors"], texts: [name: json])
    #expect(message { _ = try DiffusersFolder(folder.path) } == "\(folder.file(name)): \(text)")
  }

  @Test func otherFoldersAreRefused() throws {
    let folder = try Self.folder(["unet.safetensors"])
    for path in [folder.path, folder.file("unet.safetensors"), folder.file("absent")] {
      #expect(
        message { _ = try DiffusersFolder(path) } == """
          \(path): expected a folder with weights in unet/, vae/ or image_encoder/, as diffusers saves them, \
          found none of them
          """)
    }
    let empty = try Self.folder(["vae/config.json"])
    #expect(
      message { _ = try DiffusersFolder(empty.path) } == """
        \(empty.file("vae")): expected diffusion_pytorch_model.safetensors, or another file of weights, \
        found config.json alone
        """)
  }
}
