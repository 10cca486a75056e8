import OneiroGraph

extension LoRA {
  /// The tensors of a checkpoint, by canonical names, with the changes added to the U-Net's weights. The products are
  /// computed when a weight is read, in float32; each weight keeps its element type.
  /// - loras: applied together, each with the scale that its changes are multiplied with.
  public static func merge(
    _ loras: [(lora: LoRA, scale: Double)], into tensors: [String: CheckpointTensor]
  ) throws(GraphError) -> [String: CheckpointTensor] {
    let names = UNetModuleNames(tensors)
    var changes: [String: [ScaledUpdate]] = [:]
    for (lora, scale) in loras {
      do throws(GraphError) {
        var owners: [String: String] = [:]
        for (module, update) in lora.updates.sorted(by: { $0.value.down.key < $1.value.down.key }) {
          let name = try names.weight(of: module, for: update.down)
          if let other = owners.updateValue(update.down.key, forKey: name) {
            throw .mismatch(
              update.down.what, expected: "one change of \"\(name)\"", found: "also \"\(other)\"")
          }
          try update.check(fits: tensors[name]!, named: name)
          let factor = Float(scale * update.factor)
          guard factor.isFinite else {
            throw .mismatch(
              update.down.what, expected: "a finite scale · alpha/rank", found: "\(scale) · \(update.factor)")
          }
          changes[name, default: []].append(ScaledUpdate(update: update, factor: factor))
        }
      } catch {
        throw error.located(in: lora.source)
      }
    }
    var result = tensors
    for (name, updates) in changes {
      let weight = tensors[name]!
      result[name] = CheckpointTensor(weight.elementType, dims: weight.dims) { () throws(GraphError) in
        try ScaledUpdate.add(updates, to: weight.read())
      }
    }
    return result
  }
}

/// Finds the weight that a LoRA's key means.
private struct UNetModuleNames {
  private var paths: [String: String] = [:]
  private var underscored: [String: [String]] = [:]

  /// - tensors: by canonical names.
  init(_ tensors: [String: CheckpointTensor]) {
    let diffusers = DiffusersNames.unet(canonical: tensors.keys)
    let prefix = UNet.prefix, ending = ".weight"
    for name in tensors.keys where name.hasPrefix(prefix) && name.hasSuffix(ending) {
      let canonical = String(name.dropFirst(prefix.count).dropLast(ending.count))
      for path in [canonical, diffusers.diffusers(name).map { String($0.dropLast(ending.count)) }] {
        guard let path else { continue }
        paths[path] = name
        underscored[path.replacing(".", with: "_"), default: []].append(name)
      }
    }
  }

  func weight(of module: LoRAKey.Module, for part: LowRankUpdate.Part) throws(GraphError) -> String {
    let found: [String]
    switch module {
    case .path(let path): found = paths[path].map { [$0] } ?? []
    case .underscored(let path): found = Set(underscored[path] ?? []).sorted()
    }
    guard found.count == 1 else {
      throw .mismatch(
        part.what, expected: "the name of a module of the U-Net that has a weight",
        found: found.isEmpty ? "none of its names" : found.map { "\"\($0)\"" }.joined(separator: " and "))
    }
    return found[0]
  }
}

/// A change and what it is multiplied with.
private struct ScaledUpdate: Sendable {
  let update: LowRankUpdate
  /// scale · alpha/rank
  let factor: Float

  /// The weight, [out,...], with all the changes.
  static func add(_ updates: [ScaledUpdate], to weight: Tensor) throws(GraphError) -> Tensor {
    guard weight.count > 0 else { return weight }
    var products: [LowRankProduct] = []
    for scaled in updates {
      products.append(
        LowRankProduct(
          up: try scaled.update.readUp().map { $0 * scaled.factor }, down: try scaled.update.readDown(),
          rank: scaled.update.rank))
    }
    return switch weight.elementType {
    case .float32: add(products, to: weight, of: Float.self) { $0 + $1 }
    case .float16: add(products, to: weight, of: Float16.self) { Float16(Float($0) + $1) }
    case .bfloat16: add(products, to: weight, of: BFloat16.self) { BFloat16(Float($0) + $1) }
    case .float64: add(products, to: weight, of: Double.self) { $0 + Double($1) }
    default: preconditionFailure("LowRankUpdate.check lets no \(weight.elementType) through")
    }
  }

  /// Columns of the result that are computed together, so that the part of `down` that they need stays in the cache.
  private static let tileWidth = 1024

  @inline(__always)
  private static func add<T: TensorElement>(
    _ products: [LowRankProduct], to weight: Tensor, of: T.Type, _ sum: (T, Float) -> T
  ) -> Tensor {
    let dims = weight.dims, rows = dims[0], columns = weight.count / rows
    var delta = [Float](repeating: 0, count: min(columns, tileWidth))
    return weight.withElements(of: T.self) { weight in
      Tensor(T.self, dims: dims) { result in
        for start in stride(from: 0, to: columns, by: tileWidth) {
          let tile = start..<min(start + tileWidth, columns)
          for row in 0..<rows {
            delta.withUnsafeMutableBufferPointer { delta in
              delta.update(repeating: 0)
              for product in products { product.add(row: row, columns: tile, of: columns, to: delta) }
              for (offset, column) in tile.enumerated() {
                let index = row * columns + column
                result.initializeElement(at: index, to: sum(weight[index], delta[offset]))
              }
            }
          }
        }
      }
    }
  }
}
