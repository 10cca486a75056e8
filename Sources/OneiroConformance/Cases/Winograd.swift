import OneiroGraph

/// A convolution for which Winograd's formula pays.
package struct WinogradShape: Sendable, CustomStringConvertible {
  package let description: String
  /// [N, C, H, W]
  package let x: [Int]
  let filters: Int
  var pads: [Int64] = [1, 1, 1, 1]
  var hasBias = true

  package func layer(_ input: Tensor? = nil) -> Case {
    let x = input ?? .random(x)
    let w = Tensor.random([filters, x.dims[1], 3, 3], seed: 2), bias = Tensor.random([filters], seed: 3)
    return Case(
      "Conv", description, [.input(x), .constant(w)] + (hasBias ? [.constant(bias)] : []), ["pads": .ints(pads)],
      tolerance: 3e-5)
  }

  /// Large enough to be worth it; odd extents leave tails of tiles, of vectors and of panels.
  package static let all = [
    Self(description: "even", x: [1, 32, 32, 32], filters: 32),
    Self(description: "odd everywhere", x: [1, 33, 31, 37], filters: 35),
    Self(description: "no bias", x: [1, 32, 30, 33], filters: 48, hasBias: false),
    Self(description: "no padding", x: [1, 64, 35, 34], filters: 64, pads: [0, 0, 0, 0]),
    Self(description: "wide padding, one side more", x: [1, 64, 26, 29], filters: 64, pads: [5, 2, 0, 7]),
    Self(description: "a batch whose panels hold tiles of two images", x: [3, 64, 15, 23], filters: 72),
    Self(description: "narrower than a tile", x: [2, 64, 150, 3], filters: 64),
    Self(description: "a row of several panels", x: [1, 64, 11, 301], filters: 64),
    Self(description: "few filters", x: [1, 48, 40, 41], filters: 3),
    Self(description: "several chunks", x: [1, 200, 57, 60], filters: 36),
  ]
}
