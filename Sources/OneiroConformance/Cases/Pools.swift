import OneiroGraph

extension Conformance {
  static let pools: [Case] =
    ["MaxPool", "AveragePool"].flatMap { op -> [Case] in
      let shapes: [(String, [Int], [String: Attribute])] = [
        ("2x2", [2, 3, 8, 6], ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])]),
        ("3x3 padded", [1, 5, 7, 9], ["kernel_shape": .ints([3, 3]), "pads": .ints([1, 1, 1, 1])]),
        ("pads differ on every side", [1, 2, 6, 5], ["kernel_shape": .ints([3, 3]), "pads": .ints([0, 2, 1, 0])]),
        ("stride past the window", [1, 2, 11, 13], ["kernel_shape": .ints([2, 3]), "strides": .ints([4, 5])]),
        (
          "rounded up", [1, 3, 8, 9], ["kernel_shape": .ints([3, 3]), "strides": .ints([2, 2]), "ceil_mode": .int(1)]
        ),
        (
          "rounded up over pads", [1, 2, 7, 8],
          [
            "kernel_shape": .ints([3, 3]), "strides": .ints([2, 2]), "pads": .ints([1, 1, 1, 1]), "ceil_mode": .int(1),
          ]
        ),
        ("dilated", [1, 2, 9, 9], ["kernel_shape": .ints([3, 2]), "dilations": .ints([2, 3])]),
        (
          "same upper", [1, 2, 7, 8],
          ["kernel_shape": .ints([3, 3]), "strides": .ints([2, 2]), "auto_pad": .string("SAME_UPPER")]
        ),
        ("one axis 1001 wide", [1, 2, 1001], ["kernel_shape": .ints([4]), "strides": .ints([3])]),
        ("three axes", [1, 2, 5, 6, 7], ["kernel_shape": .ints([2, 3, 2])]),
        ("no images", [0, 2, 5, 5], ["kernel_shape": .ints([2, 2])]),
      ]
      var cases = shapes.map { (name, x, attributes) in Case(op, name, [.input(.random(x))], attributes) }
      let window: [String: Attribute] = ["kernel_shape": .ints([3, 3]), "pads": .ints([1, 1, 1, 1])]
      cases.append(Case(op, "NaN", [.input(.random([1, 1, 7, 7]).replacing([24: .nan]))], window))
      cases.append(
        Case(op, "all minus infinity", [.input(.full([1, 1, 4, 4], -.infinity))], ["kernel_shape": .ints([2, 2])]))
      if op == "AveragePool" {
        var counted = window
        counted["count_include_pad"] = .int(1)
        cases.append(Case(op, "pads counted", [.input(.random([1, 3, 6, 6]))], counted))
        counted["ceil_mode"] = .int(1)
        counted["strides"] = .ints([2, 2])
        cases.append(Case(op, "pads counted, rounded up", [.input(.random([1, 3, 6, 6]))], counted))
      } else {
        cases.append(Case(op, "with indices", [.input(.random([2, 3, 5, 6]))], window, outputs: 2))
      }
      return cases
    }
    + ["GlobalMaxPool", "GlobalAveragePool"].flatMap { op in
      [[2, 3, 5, 7], [1, 17, 33], [1, 2, 3, 4, 5], [3, 4, 1, 1], [2, 37, 4, 4], [0, 2, 3, 3]].map { dims in
        Case(op, "\(dims)", [.input(.random(dims))])
      } + [Case(op, "NaN", [.input(.random([1, 2, 3, 3]).replacing([4: .nan]))])]
    }
}
