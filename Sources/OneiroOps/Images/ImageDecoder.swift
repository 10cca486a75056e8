import OneiroGraph

/// ImageDecoder, ai.onnx opset 20: https://onnx.ai/onnx/operators/onnx__ImageDecoder.html
///
/// The bytes of an image file as pixels, [height, width, channels]: 3 channels, or 1 for Grayscale, whose luminance is
/// that of ITU-R BT.601. A damaged file gives an image without pixels, as the standard wants. Reads all of the
/// standard's formats: PNG, JPEG, JPEG 2000, TIFF and WebP by their libraries, BMP and Netpbm.
public enum ImageDecoder: Operator {
  public static let schema = OpSchema(
    "ImageDecoder", since: 20, inputs: [.one("encoded_stream", "T1")], outputs: [.one("image", "T2")],
    attributes: [.string("pixel_format", default: "RGB")],
    types: ["T1": ElementTypeSet([.uint8]), "T2": ElementTypeSet([.uint8])])

  private enum PixelFormat: String { case rgb = "RGB", bgr = "BGR", grayscale = "Grayscale" }

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    if let shape = try node.shape(0), shape.count != 1 {
      throw node.fails(0, expected: "rank 1", found: "rank \(shape.count)")
    }
    let format = try node.checking("attribute pixel_format", try pixelFormat(node.attributes))
    return [.tensor(.uint8, [.unknown, .unknown, .known(format == .grayscale ? 1 : 3)])]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let file = try call.tensor(0), format = try pixelFormat(call.attributes)
    guard file.elementType == .uint8 else { throw call.fails("expected uint8, found \(file.elementType.name)") }
    let image = try DecodedImage.decode(file.elements(of: UInt8.self)) ?? DecodedImage(width: 0, height: 0, rgb: [])
    let pixels: [UInt8]
    switch format {
    case .rgb: pixels = image.rgb
    case .bgr: pixels = image.rgb.indices.map { image.rgb[$0 / 3 * 3 + 2 - $0 % 3] }
    case .grayscale: pixels = image.luminance
    }
    return [Tensor(pixels, dims: [image.height, image.width, format == .grayscale ? 1 : 3])]
  }

  private static func pixelFormat(_ attributes: NodeAttributes) throws(KernelError) -> PixelFormat {
    let name = attributes.string("pixel_format")
    guard let format = PixelFormat(rawValue: name) else {
      throw KernelError("expected RGB, BGR or Grayscale, found \"\(name)\"")
    }
    return format
  }
}
