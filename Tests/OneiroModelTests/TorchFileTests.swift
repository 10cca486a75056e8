import Foundation
import OneiroGraph
import OneiroModel
import Testing

/// Files that PyTorch wrote.
@Suite("Recorded torch files") struct TorchFileTests {
  @Test(
    "All element types, views and shared storages, in both containers", arguments: ["zoo_zip.pth", "zoo_legacy.pth"])
  func zooTensors(_ name: String) throws {
    let checkpoint = try Checkpoint.read(Golden.file(name))
    try Golden.expect(checkpoint.tensors, equal: "zoo_expected.safetensors")
    #expect(try checkpoint.tensors["bool"]?.read().elementType == .bool)
    #expect(checkpoint.tensors["f32_transposed_view"]?.dims == [8, 6])
  }

  @Test("All other values, in both containers", arguments: ["zoo_zip.pth", "zoo_legacy.pth"])
  func zooValues(_ name: String) throws {
    let checkpoint = try Checkpoint.read(Golden.file(name))
    let values: CheckpointValue = .dictionary([
      "none": .none, "true": .bool(true), "false": .bool(false), "int": .int(7), "neg": .int(-5),
      "big": .int(1 << 40), "huge": .string("1180591620717411303424"), "float": .double(0.00085),
      "str": .string("naïve ✓"), "bytes": .bytes([0, 1]), "tuple": .list([.int(1), .list([.int(2)]), .list([])]),
      "list": .list([.int(1), .list([.int(2)])]), "size": .list([.int(2), .int(3)]),
      "dtype": .string("torch.float16"), "device": .string("cpu"), "set": .list([.int(1), .int(2)]),
      "np_scalar": .double(1.5),
    ])
    #expect(checkpoint.settings["misc"] == values)
    #expect(checkpoint.settings["model_state_dict"] == nil && checkpoint.settings["state"] == nil)
    let config = try #require(checkpoint.settings["config"])
    #expect(
      config["embed_dim"] == .int(32) && config["mlp_ratio"] == .double(1) && config["HW"] == CheckpointValue.none)

    // What is no setting: the class's name, an array, a tensor beside the dictionary.
    let root = try TorchFile(contentsOf: Golden.file(name)).root
    guard case .record(let record)? = root["config"] else { throw TestFailure("config is no record") }
    #expect(record.className == "config.Config_Generative_Model" && record.attributes.entries.count == 34)
    #expect(try root["misc"]?["np_array"]?.tensor?.read().elements(of: Int64.self) == [0, 1, 2])
    #expect(try root["state"]?.tensor?.read().dims == [16])
    #expect(root["misc"]?["list"]?[1]?[0].map { "\($0)" } == "int(2)" && root["misc"]?["list"]?[2] == nil)
  }

  @Test("A DreamDiffusion checkpoint: every tensor, against the generator that made them") func checkpoint() throws {
    let checkpoint = try Checkpoint.read(Golden.file("checkpoint_small.pth"))
    #expect(checkpoint.tensors.count == 587)
    var hashed = 0
    for (name, tensor) in checkpoint.tensors where name.contains("_model.") || name.contains("embedder.") {
      // Fixed tables and indices are no weights.
      guard !name.hasSuffix("pos_embed"), tensor.elementType == .float32 else { continue }
      let found = try tensor.read().elements(of: Float.self)
      let expected = HashedWeights.values(name, dims: tensor.dims)
      #expect(found == expected, "\(name)")
      hashed += 1
    }
    #expect(hashed > 550)
    // The elements are those of the mapped file: two readings have the same memory.
    let weight = try #require(checkpoint.tensors["model.diffusion_model.out.2.weight"])
    let (one, other) = (try weight.read(), try weight.read())
    withExtendedLifetime((one, other)) { #expect(one.bytes.baseAddress == other.bytes.baseAddress) }
    #expect(try checkpoint.tensors["betas"]?.read().elements(of: Float.self).first == 0.00085)
    #expect(checkpoint.settings["config"]?["num_heads"] == .int(4))
    #expect(checkpoint.settings["config"]?["dataset"] == .string("EEG"))
  }

  @Test("A stage A checkpoint: the model's tensors, and the optimizer's beside them") func stageA() throws {
    let path = Golden.file("stageA_checkpoint_small.pth")
    let checkpoint = try Checkpoint.read(path)
    try Golden.expect(checkpoint.tensors, equal: "stageA_checkpoint_small_expected.safetensors")
    #expect(checkpoint.settings["config"]?["patch_size"] == .int(4))
    let root = try TorchFile(contentsOf: path).root
    #expect(root["optimizer"]?["param_groups"]?.items?.count == 2)
  }

  @Test("A trainer's file: a class as a key, NumPy scalars, an archive called otherwise") func trainer() throws {
    let checkpoint = try Checkpoint.read(Golden.file("sd_style_trainer.ckpt"))
    try Golden.expect(checkpoint.tensors, equal: "sd_style_trainer_expected.safetensors")
    #expect(checkpoint.settings["global_step"] == .int(840_000))
    let callback = checkpoint.settings["callbacks"]?["pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint"]
    #expect(callback?["np"] == .double(1.5) && callback?["best_model_score"] == CheckpointValue.none)
    #expect(callback?["current_score"] == nil)
  }

  @Test("The data set: trials in a list") func dataset() throws {
    let path = Golden.file("eeg_5_95_std_small.pth")
    let root = try TorchFile(contentsOf: path).root
    let trials = try #require(root["dataset"]?.items)
    // Length in samples, first value, sum of all, computed with NumPy.
    let expected: [(Int, Float, Double)] = [
      (449, -0.28598740696907043, 26.85296268730997), (450, 0.3040354251861572, 35.522651213602785),
      (499, -0.2921413779258728, 13.468800231374587), (600, -0.061974477022886276, 124.88852143237818),
      (601, 0.016086556017398834, -53.060439900946164), (500, 0.4726886451244354, 85.27655169279024),
    ]
    #expect(trials.count == 6)
    for (trial, (length, first, sum)) in zip(trials, expected) {
      let eeg = try #require(trial["eeg"]?.tensor)
      #expect(eeg.dims == [128, length])
      let values = try eeg.read().elements(of: Float.self)
      #expect(values[0] == first && abs(values.reduce(0) { $0 + Double($1) } - sum) < 1e-6)
    }
    #expect(trials.map { $0["subject"]!.settings } == [4, 4, 4, 4, 4, 1].map(CheckpointValue.int))
    #expect(root["images"]?[4]?.settings == .string("n03888257_55"))
    // As a checkpoint it has settings, and no tensors with names.
    let checkpoint = try Checkpoint.read(path)
    #expect(checkpoint.tensors.isEmpty && checkpoint.settings["labels"] != nil)
  }

  @Test("The splits", arguments: ["block_splits_small.pth", "block_splits_small_zip.pth"])
  func splits(_ name: String) throws {
    let ints = { (values: [Int64]) in CheckpointValue.list(values.map(CheckpointValue.int)) }
    #expect(
      try Checkpoint.read(Golden.file(name)).settings
        == .dictionary([
          "splits": .list([.dictionary(["train": ints([0, 1, 2, 5]), "val": ints([4]), "test": ints([3, 1])])])
        ]))
  }
}

struct TestFailure: Error {
  let reason: String
  init(_ reason: String) { self.reason = reason }
}

/// The generator of weights that the golden files were made with: a hash of the name, then a counter-based generator.
enum HashedWeights {
  static func values(_ name: String, dims: [Int]) -> [Float] {
    var seed: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in name.utf8 { seed = (seed ^ UInt64(byte)) &* 0x100_0000_01B3 }
    let isScale = dims.count < 2 && name.hasSuffix(".weight")
    let spread = dims.count < 2 ? (isScale ? 0.1 : 0.05) : (3 / Double(dims.dropFirst().reduce(1, *))).squareRoot()
    return (0..<dims.reduce(1, *)).map { index in
      var z = seed &+ UInt64(index + 1) &* 0x9E37_79B9_7F4A_7C15
      z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
      z ^= z >> 31
      let unit = Double(z >> 40) / Double(1 << 23) - 1
      return Float((isScale ? 1 : 0) + spread * unit)
    }
  }
}
