import OneiroGraph

extension Conformance {
  static let reductions: [Case] = [
    "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare",
    "ReduceLogSum",
    "ReduceLogSumExp",
  ].flatMap { op -> [Case] in
    // A logarithm wants a positive sum, a product one that stays in range.
    let range: ClosedRange<Float> = op == "ReduceLogSum" ? 0.1...2 : op == "ReduceProd" ? 0.8...1.2 : -2...2
    let shapes: [(String, [Int], [Int64]?)] = [
      ("all axes", [3, 5, 7], nil), ("last axis", [4, 33], [1]), ("first axis", [17, 9], [0]),
      ("middle axis", [3, 15, 5], [1]),
      ("outer and inner", [3, 5, 7], [0, 2]), ("negative axis", [2, 31], [-1]), ("1001 wide", [1001], [0]),
      ("an extent of 1", [4, 1, 3], [1]), ("no lines", [0, 4], [1]), ("wide enough for threads", [64, 301], [1]),
    ]
    var cases = shapes.flatMap { (name, dims, axes) -> [Case] in
      [true, false].map { keeps in
        let operands: [Case.Operand] = [.input(.random(dims, range))] + (axes.map { [.constant(.ints($0))] } ?? [])
        return Case(
          op, name + (keeps ? "" : ", axes dropped"), operands, ["keepdims": .int(keeps ? 1 : 0)], tolerance: 5e-6)
      }
    }
    cases.append(Case(op, "a scalar", [.input(.full([], op == "ReduceLogSum" ? 2 : -2))], tolerance: 5e-6))
    cases.append(
      Case(
        op, "no axes, each element alone", [.input(.random([3, 4], range)), .constant(.ints([]))],
        ["noop_with_empty_axes": .int(1)]))
    cases.append(
      Case(
        op, "a NaN spoils its line alone",
        [.input(.random([3, 17], range).replacing([20: .nan])), .constant(.ints([1]))], tolerance: 5e-6))
    cases.append(
      Case(
        op, "infinities", [.input(.random([3, 17], range).replacing([5: .infinity])), .constant(.ints([1]))],
        tolerance: 5e-6))
    if op != "ReduceLogSum" && op != "ReduceLogSumExp" {
      cases.append(Case(op, "denormals", [.input(.denormal), .constant(.ints([0]))], tolerance: 5e-6))
    }
    if op != "ReduceMax" && op != "ReduceMin" && op != "ReduceMean" {
      cases.append(Case(op, "lines of no elements", [.input(.random([3, 0])), .constant(.ints([1]))]))
    }
    return cases
  }

  static let argMax: [Case] = ["ArgMax", "ArgMin"].flatMap { op in
    [([5, 33], 1), ([17, 3], 0), ([2, 7, 5], 1), ([1001], 0), ([3, 1], 1), ([0, 3], 1)].flatMap {
      (dims: [Int], axis: Int64) in
      [0, 1].map { last in
        // Few different numbers, so that there are ties to be decided.
        let x = Tensor(Tensor.random(dims).elements(of: Float.self).map { $0.rounded() }, dims: dims)
        return Case(
          op, "\(dims) along \(axis), \(last == 0 ? "first" : "last") of equals", [.input(x)],
          ["axis": .int(axis), "select_last_index": .int(Int64(last)), "keepdims": .int(Int64(last))])
      }
    }
  }
}
