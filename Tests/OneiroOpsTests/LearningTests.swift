import OneiroGraph
import OneiroOps
import Testing

@Suite struct LearningTests {
  private let domain = "ai.onnx.ml"

  @Test func binarizerComparesStrictly() throws {
    let y = try run("Binarizer", domain: domain, [floats([1, 1.5, .nan])], ["threshold": .float(1)])[0]
    #expect(y.doubles() == [0, 1, 0])
  }

  @Test func extractedFeaturesAreInRange() throws {
    let rows = floats([0, 1, 2, 3], [2, 2])
    let y = try run("ArrayFeatureExtractor", domain: domain, [rows, int64s([1, 1, 0])])[0]
    #expect(y.dims == [2, 3] && y.doubles() == [1, 1, 0, 3, 3, 2])
    #expect(
      try run("ArrayFeatureExtractor", domain: domain, [floats([5, 6]), int64s([1], [1, 1])])[0].dims == [1, 1])
    for bad in [[2], [-1], [.min]] as [[Int64]] {
      #expect(throws: KernelError.self) { try run("ArrayFeatureExtractor", domain: domain, [rows, int64s(bad)]) }
    }
  }

  @Test func labelsWithoutAKeyGetTheDefault() throws {
    let floatKeys: [String: Attribute] = [
      "keys_floats": .floats([.nan, 1, 1]),
      "values_strings": .strings([Array("n".utf8), Array("a".utf8), Array("b".utf8)]),
    ]
    let y = try run("LabelEncoder", domain: domain, [floats([1, .nan, 2])], floatKeys)[0]
    #expect(y.strings == ["b", "n", "_Unused"])
    let empty = try run("LabelEncoder", domain: domain, [floats([], [0])], floatKeys)[0]
    #expect(empty.count == 0)
    let uneven: [String: Attribute] = ["keys_int64s": .ints([1]), "values_int64s": .ints([])]
    let twice: [String: Attribute] = [
      "keys_int64s": .ints([1]), "keys_floats": .floats([1]), "values_int64s": .ints([1]),
    ]
    for bad in [uneven, twice, [:], floatKeys] {
      #expect(throws: GraphError.self) { try run("LabelEncoder", domain: domain, [int64s([1])], bad) }
    }
  }

  /// One node: feature 0 up to the split goes to leaf 0, what is more to leaf 1.
  private let stump: [String: Attribute] = [
    "n_targets": .int(2), "tree_roots": .ints([0]), "nodes_featureids": .ints([0]),
    "nodes_modes": .tensor(Tensor([UInt8(0)], dims: [1])), "nodes_splits": .tensor(floats([0.5])),
    "nodes_trueleafs": .ints([1]), "nodes_truenodeids": .ints([0]), "nodes_falseleafs": .ints([1]),
    "nodes_falsenodeids": .ints([1]), "leaf_targetids": .ints([0, 1]), "leaf_weights": .tensor(floats([3, 4])),
  ]

  private func grown(_ changes: [String: Attribute], _ x: Tensor = floats([0, 1, .nan], [3, 1])) throws -> [Double] {
    try run("TreeEnsemble", domain: domain, [x], stump.merging(changes) { $1 })[0].doubles()
  }

  @Test func treesLeadToLeaves() throws {
    #expect(try grown([:]) == [3, 0, 0, 4, 0, 4])
    #expect(try grown(["nodes_missing_value_tracks_true": .ints([1])]) == [3, 0, 0, 4, 3, 0])
    let members: [String: Attribute] = [
      "nodes_modes": .tensor(Tensor([UInt8(6)], dims: [1])), "membership_values": .tensor(floats([1, 7, .nan])),
    ]
    #expect(try grown(members) == [0, 4, 3, 0, 0, 4])
    // Two trees of one root: the average is that of one.
    #expect(try grown(["tree_roots": .ints([0, 0]), "aggregate_function": .int(0)]) == [3, 0, 0, 4, 0, 4])
    #expect(try grown(["tree_roots": .ints([0, 0])]) == [6, 0, 0, 8, 0, 8])
    #expect(try grown(["post_transform": .int(2)])[1] == 0.5)
    #expect(try grown(["post_transform": .int(3)]) == [1, 0, 0, 1, 0, 1])
  }

  @Test(
    arguments: [
      ["nodes_featureids": .ints([1])], ["nodes_featureids": .ints([-1])], ["nodes_featureids": .ints([.max - 1])],
      ["nodes_featureids": .ints([])], ["tree_roots": .ints([1])], ["leaf_targetids": .ints([0, 2])],
      ["nodes_truenodeids": .ints([2])], ["nodes_trueleafs": .ints([2])], ["n_targets": .int(0)],
      ["n_targets": .int(.max)], ["nodes_modes": .tensor(Tensor([UInt8(7)], dims: [1]))],
      ["nodes_modes": .tensor(Tensor([UInt8(6)], dims: [1]))], ["aggregate_function": .int(9)],
      ["post_transform": .int(-1)], ["nodes_splits": .tensor(floats([]))],
      // A node that leads to itself.
      ["nodes_trueleafs": .ints([0])],
    ] as [[String: Attribute]])
  func brokenTreesAreRefused(_ change: [String: Attribute]) throws {
    #expect(throws: (any Error).self) { try grown(change) }
  }

  @Test func probitIsTheQuantileOfTheNormalDistribution() throws {
    let y = try grown(
      ["leaf_weights": .tensor(floats([0.975, 0.5])), "post_transform": .int(4)], floats([0, 1], [2, 1]))
    #expect(abs(y[0] - 1.959964) < 1e-5 && y[1] == -.infinity && abs(y[3]) < 1e-9)
  }
}
