import OneiroGraph

/// What the tensors of one part are called in a diffusers folder, and what in a checkpoint of the original programs
/// (CompVis, DreamDiffusion), whose names are the ones that the rest of Oneiro knows.
///
///     down_blocks.0.resnets.1.norm1.weight      model.diffusion_model.input_blocks.2.0.in_layers.0.weight
///     decoder.up_blocks.3.resnets.0.conv1.bias  first_stage_model.decoder.up.0.block.0.conv1.bias
///
/// The original numbers all blocks of a U-Net in one row, and the decoder's levels from the other end, so the names
/// of one tensor follow from those of all.
public struct DiffusersNames: Sendable {
  private var canonicalModules: [String: String] = [:]
  private var diffusersModules: [String: String] = [:]
  /// Canonical modules that are 1x1 convolutions, where diffusers has linear layers.
  private var pointwise: Set<String> = []

  init() {}

  /// Adds a module, a path without the "weight" at its end.
  /// - olderNames: other names that diffusers gave it once.
  mutating func add(_ diffusers: String, olderNames: [String] = [], _ canonical: String, isPointwise: Bool = false) {
    for name in [diffusers] + olderNames { canonicalModules[name] = canonical }
    diffusersModules[canonical] = diffusers
    if isPointwise { pointwise.insert(canonical) }
  }

  /// The canonical name of a tensor; `nil` where there is none.
  public func canonical(_ diffusers: String) -> String? { Self.rename(diffusers, by: canonicalModules) }

  /// The name in a diffusers folder; `nil` where there is none.
  public func diffusers(_ canonical: String) -> String? { Self.rename(canonical, by: diffusersModules) }

  /// With the canonical name of the longest module that the name lies in.
  private static func rename(_ name: String, by modules: [String: String]) -> String? {
    module(of: name, in: modules).map { modules[String(name[..<$0])]! + name[$0...] }
  }

  /// Where the longest of the modules that the name lies in ends.
  private static func module(of name: String, in modules: [String: String]) -> String.Index? {
    name.indices.lazy.filter { name[$0] == "." }.prefix(deepest).last { modules[String(name[..<$0])] != nil }
  }

  /// More components than any module has.
  private static let deepest = 8
}

extension DiffusersNames {
  public struct Renamed: Sendable {
    /// By canonical names, and those without one by the name that they came with.
    public var tensors: [String: CheckpointTensor]
    /// Names without a canonical one, sorted.
    public var unknown: [String]
  }

  /// The tensors of a diffusers file by their canonical names. Linear layers that are convolutions in the original,
  /// [C,C], become [C,C,1,1].
  /// - source: what messages call the file.
  public func canonical(
    _ tensors: [String: CheckpointTensor], source: String
  ) throws(GraphError) -> Renamed {
    var result = Renamed(tensors: [:], unknown: [])
    result.tensors.reserveCapacity(tensors.count)
    var origins: [String: String] = [:]
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      let canonical = canonical(name)
      if canonical == nil { result.unknown.append(name) }
      let newName = canonical ?? name
      if let other = origins.updateValue(name, forKey: newName) {
        throw .mismatch(
          file: source, "tensor \"\(name)\"", expected: "one tensor for \"\(newName)\"", found: "also \"\(other)\"")
      }
      result.tensors[newName] = isPointwiseWeight(newName) ? tensor.pointwise : tensor
    }
    return result
  }

  private func isPointwiseWeight(_ canonical: String) -> Bool {
    canonical.hasSuffix(".weight") && pointwise.contains(String(canonical.dropLast(".weight".count)))
  }
}

extension CheckpointTensor {
  /// The weight of a linear layer, [out,in], as that of a 1x1 convolution; others stay.
  fileprivate var pointwise: CheckpointTensor {
    guard dims.count == 2 else { return self }
    let dims = dims + [1, 1]
    return CheckpointTensor(elementType, dims: dims) { () throws(GraphError) in try read().reshaped(dims) }
  }
}
