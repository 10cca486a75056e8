import OneiroGraph

extension Conformance {
  static let softmax: [Case] = ["Softmax", "LogSoftmax"].flatMap { op -> [Case] in
    let shapes: [([Int], Int64)] = [
      ([1001], 0), ([4, 17], -1), ([5, 33], 0), ([2, 3, 31], 1), ([3, 7, 15], 2), ([2, 1, 3], 1), ([0, 5], 1),
      ([64, 77], -1),
    ]
    return shapes.map { (dims, axis) in
      Case(op, "\(dims) along \(axis)", [.input(.random(dims, -9...9))], ["axis": .int(axis)], tolerance: 2e-6)
    } + [
      Case(op, "large numbers do not overflow", [.input(.random([3, 9], 900...1000))], tolerance: 1e-5),
      Case(
        op, "minus infinity masks", [.input(.random([2, 7]).replacing([0: -.infinity, 9: -.infinity]))], tolerance: 2e-6
      ),
      Case(op, "a row of minus infinity", [.input(.full([1, 5], -.infinity))]),
      Case(op, "a NaN spoils its row alone", [.input(.random([3, 7]).replacing([8: .nan]))], tolerance: 2e-6),
      Case(op, "plus infinity", [.input(.random([2, 5]).replacing([1: .infinity]))], tolerance: 2e-6),
      Case(op, "denormals", [.input(.denormal)], tolerance: 2e-6),
    ]
  }

  static let rows: [Case] =
    ["LayerNormalization", "RMSNormalization"].flatMap { op -> [Case] in
      let hasBias = op == "LayerNormalization"
      func weights(_ dims: [Int]) -> [Tensor?] {
        hasBias ? [.random(dims, 0.5...2, seed: 2), .random(dims, seed: 3)] : [.random(dims, 0.5...2, seed: 2)]
      }
      let shapes: [([Int], Int)] = [
        ([4, 1001], 1), ([3, 5, 17], 2), ([2, 3, 7], 1), ([33], 0), ([6, 1], 1), ([0, 8], 1),
      ]
      return shapes.flatMap { (dims, axis) in
        Case.withWeights(
          op, "\(dims) from axis \(axis)", [.random(dims)] + weights(Array(dims[axis...])),
          ["axis": .int(Int64(axis - dims.count)), "epsilon": .float(1e-5)], tolerance: 1e-5)
      }
        + Case.withWeights(
          op, "constant row: epsilon alone keeps it finite", [.full([2, 16], 3)] + weights([16]), tolerance: 1e-4)
        + Case.withWeights(op, "a large mean", [.random([2, 64], 1000...1001)] + weights([64]), tolerance: 1e-3)
        + Case.withWeights(
          op, "a NaN spoils its row alone", [.random([3, 9]).replacing([10: .nan])] + weights([9]), tolerance: 1e-5)
        + (hasBias
          ? Case.withWeights(op, "no bias", [.random([3, 31])] + Array(weights([31]).prefix(1)), tolerance: 1e-5) : [])
    } + [
      Case(
        "LayerNormalization", "mean and deviation asked for",
        [.input(.random([3, 17])), .constant(.random([17], seed: 2)), .constant(.random([17], seed: 3))], outputs: 3,
        tolerance: 1e-5)
    ]

  static let channels: [Case] = {
    let shapes = [[2, 6, 5, 7], [1, 12, 33], [1, 6, 1, 1], [1, 6, 3, 2, 4], [0, 6, 4, 4], [2, 6, 16, 16]]
    let instance = shapes.flatMap { dims in
      Case.withWeights(
        "InstanceNormalization", "\(dims)",
        [.random(dims), .random([dims[1]], 0.5...2, seed: 2), .random([dims[1]], seed: 3)],
        ["epsilon": .float(1e-5)], tolerance: 1e-5)
    }
    let group = shapes.flatMap { dims in
      [1, 3, dims[1]].flatMap { groups in
        Case.withWeights(
          "GroupNormalization", "\(dims) in \(groups)",
          [.random(dims), .random([dims[1]], 0.5...2, seed: 2), .random([dims[1]], seed: 3)],
          ["num_groups": .int(Int64(groups)), "epsilon": .float(1e-5)], tolerance: 1e-5)
      }
    }
    let batch = ([[4, 3]] + shapes).flatMap { dims in
      Case.withWeights(
        "BatchNormalization", "\(dims)",
        [.random(dims)]
          + [(0.5, 2), (-1, 1), (-1, 1), (0.1, 3)].enumerated().map {
            .random([dims[1]], Float($1.0)...Float($1.1), seed: $0 + 2)
          },
        ["epsilon": .float(1e-5)], tolerance: 1e-5)
    }
    let flat = Case.withWeights(
      "GroupNormalization", "flat background: a mean far above the deviation",
      [.random([1, 4, 64, 64], 0.99...1.01), .full([4], 1), .full([4], 0)], ["num_groups": .int(4)], tolerance: 1e-4)
    let spoiled = Case.withWeights(
      "InstanceNormalization", "a NaN spoils its channel alone",
      [.random([1, 3, 4, 4]).replacing([17: .nan]), .full([3], 1), .full([3], 0)], tolerance: 1e-5)
    return instance + group + batch + flat + spoiled
  }()

  static let lpNormalization: [Case] = [1, 2].flatMap { p in
    [([3, 17], -1), ([5, 33], 0), ([2, 7, 3], 1)].map { (dims: [Int], axis: Int64) in
      Case(
        "LpNormalization", "p \(p), \(dims) along \(axis)", [.input(.random(dims))],
        ["p": .int(Int64(p)), "axis": .int(axis)], tolerance: 2e-6)
    } + [Case("LpNormalization", "p \(p), a row of zeros", [.input(.full([2, 5], 0))], ["p": .int(Int64(p))])]
  }
}
