import OneiroGraph
import OneiroPicture

extension Picture {
  /// The pictures of a decoder's output: values beyond -1 ... 1 are cut off, then (x + 1) * 127.5 is rounded.
  ///
  /// - images: float32 [N,3,H,W] or [3,H,W]; -1 is black, 1 is full.
  public static func pictures(_ images: Tensor) throws(DreamError) -> [Picture] {
    let dims = images.dims
    guard images.elementType == .float32, dims.count == 3 || dims.count == 4, dims[dims.count - 3] == 3 else {
      throw .mismatch(
        at: "picture", expected: "float[N,3,H,W]", found: "\(TensorType(images.elementType, dims: dims))")
    }
    let height = dims[dims.count - 2]
    let width = dims[dims.count - 1]
    let plane = height * width
    let batch = dims.count == 4 ? dims[0] : 1
    return try images.withElements(of: Float.self) { (values) throws(DreamError) in
      var result: [Picture] = []
      for item in 0..<batch {
        let image = UnsafeBufferPointer(rebasing: values[item * 3 * plane..<(item + 1) * 3 * plane])
        if let bad = image.firstIndex(where: { !$0.isFinite }) {
          throw .mismatch(
            at: "picture \(item), channel \(bad / plane), row \(bad % plane / width), column \(bad % width)",
            expected: "a finite number", found: "\(image[bad])")
        }
        var pixels = [UInt8](repeating: 0, count: 3 * plane)
        for channel in 0..<3 {
          for index in 0..<plane { pixels[index * 3 + channel] = level(image[channel * plane + index]) }
        }
        result.append(Picture(width: width, height: height, pixels: pixels))
      }
      return result
    }
  }

  /// Half-way values go to the even level, as NumPy and PyTorch round.
  private static func level(_ value: Float) -> UInt8 {
    UInt8(((min(max(value, -1), 1) + 1) * 127.5).rounded(.toNearestOrEven))
  }

  /// The other way: x / 127.5 - 1, float32 [1,3,H,W].
  public var tensor: Tensor {
    Tensor(Float.self, dims: [1, 3, height, width]) { memory in
      for channel in 0..<3 {
        for index in 0..<width * height {
          memory[channel * width * height + index] = Float(pixels[index * 3 + channel]) / 127.5 - 1
        }
      }
    }
  }
}
