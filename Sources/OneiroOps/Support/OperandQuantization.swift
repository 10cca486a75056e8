import OneiroGraph

extension KernelCall {
  /// A scale or zero point of a matrix operand, spread over its elements: one for all, one for each row of the left
  /// operand ([M] or [..., M, 1]), one for each column of the right one ([N] or [..., 1, N]). `nil` when it was left
  /// out.
  func matrixQuantization(_ index: Int, over dims: [Int], isLeft: Bool) throws(KernelError) -> [Double]? {
    guard var tensor = optionalTensor(index) else { return nil }
    if tensor.count == 1 {
      tensor = tensor.reshaped([])
    } else if isLeft && tensor.rank == 1 && dims.count > 1 {
      tensor = tensor.reshaped([tensor.count, 1])
    }
    guard Shape.broadcast([tensor.dims, dims]) == dims else {
      throw fails("input \(index) of shape \(Shape.text(tensor.dims)) does not fit \(Shape.text(dims))")
    }
    return tensor.broadcast(to: dims).doubles()
  }

  /// A matrix operand less its zero point.
  func centered(_ operand: Tensor, zeroPoint: Int, isLeft: Bool) throws(KernelError) -> [Double] {
    let values = operand.doubles()
    guard let zeroPoints = try matrixQuantization(zeroPoint, over: operand.dims, isLeft: isLeft) else { return values }
    return zip(values, zeroPoints).map { $0 - $1 }
  }
}
