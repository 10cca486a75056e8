import OneiroGraph

/// A group normalization of two values that are joined  →  ai.oneiro.ConcatGroupNormalization, which joins each group
/// just before it normalizes it
///
///     a ─┐                                                   a ─┐
///        Concat ── j ─┬─ GroupNormalization ── y      →         ConcatGroupNormalization ─┬─ j ── Conv ── z
///     b ─┘            └─ Conv ── z                           b ─┘                         └─ y
///
/// The same for FusedGroupNormalization and QuantizeGroupNormalization. Stands back where somebody reads j before the
/// normalization does. It joins whole images, where plans that are held to an amount of memory may want bands of rows.
///
/// In the U-Net of Stable Diffusion at 64 x 64 the two take 5.3 of 1500 ms where they took 6.8, in bytes 5.5 of 520 where
/// they took 5.9. All four values are there at a time, so the arena has 83.4 MiB, not 80.2, and 43.8, not 43.1.
struct FuseConcatNormalization: RewriteRule {
  let name = "fuse-concat-normalization"
  let summary = "GroupNormalization of a Concat along channels -> ConcatGroupNormalization"
  let targets: Set<String> = ["Concat"]
  let needsUnboundMemory = true

  func rewrite(_ node: Node, in graph: GraphIndex) -> GraphPatch? {
    let joined = node.outputs[0]
    guard node.op == OpIdentifier("Concat"), node.inputs.count == 2, graph.types[joined]?.elementType == .float32,
      let dims = graph.dims(joined), dims.count > 1, node.axis("axis", default: 0, rank: dims.count) == 1,
      let first = graph.readers(of: joined).first
    else { return nil }
    let normalization = graph.graph.nodes[first]
    let isQuantized = normalization.op == OpIdentifier("QuantizeGroupNormalization", domain: Model.oneiroDomain)
    guard
      isQuantized || normalization.op == OpIdentifier("GroupNormalization")
        || normalization.op == OpIdentifier("FusedGroupNormalization", domain: Model.oneiroDomain),
      normalization.inputs[0] == joined, !normalization.inputs.dropFirst().contains(joined),
      normalization.int("stash_type") ?? 1 == 1
    else { return nil }
    var attributes = normalization.attributes
    attributes["stash_type"] = nil
    var patch = GraphPatch("\(normalization.label) and what \(node.label) joins for it")
    patch.remove(node, normalization)
    patch.add(
      Node(
        "ConcatGroupNormalization", domain: Model.oneiroDomain, name: normalization.name,
        inputs: node.inputs + normalization.inputs.dropFirst(), outputs: [joined, normalization.outputs[0]],
        attributes: attributes, metadata: normalization.metadata))
    return patch
  }
}
