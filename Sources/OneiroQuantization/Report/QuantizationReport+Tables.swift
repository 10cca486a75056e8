import OneiroGraph
import OneiroRuntime

extension QuantizationReport {
  /// A row for each part. What was not measured has no column.
  var partsTable: TextTable {
    var table = TextTable([
      .left("part"), .left("layers"), .right("size before"), .right("size after"), .right("size ratio, %"),
      .right("output SNR, dB"), .right("time before, ms"), .right("time after, ms"),
    ])
    for part in parts {
      let schemes = part.schemes.map { "\($0.count) \($0.scheme.rawValue)" }.joined(separator: ", ")
      table.add([
        part.role.isEmpty ? "model" : part.role, schemes.isEmpty ? "none" : schemes,
        "\(ByteCount(part.byteCountBefore))", "\(ByteCount(part.byteCountAfter))",
        Self.percent(part.byteCountAfter, of: part.byteCountBefore),
        part.isUnmoved ? "unmoved" : part.outputNoise.map { Self.decibels($0.decibels) } ?? "",
        Self.milliseconds(part.seconds?.before),
        Self.milliseconds(part.seconds?.after),
      ])
    }
    return table.withoutEmptyColumns
  }

  /// A row for each layer of a part.
  static func layersTable(_ part: PartReport) -> TextTable {
    var table = TextTable([
      .left("layer"), .left("operator"), .left("shape"), .left("scheme"), .right("size before"), .right("size after"),
      .right("weight SNR, dB"), .right("output SNR, dB"), .right("time before, ms"), .right("time after, ms"),
      .left("reason"),
    ])
    for layer in part.layers {
      let result = layer.result
      table.add([
        result.name, "\(result.op)", result.dims.map(String.init).joined(separator: " x "), result.scheme.rawValue,
        "\(ByteCount(result.byteCountBefore))", "\(ByteCount(result.byteCountAfter))",
        result.scheme == .f32 ? "" : decibels(result.weightNoise.decibels),
        layer.isUnmoved ? "unmoved" : layer.outputNoise.map { decibels($0.decibels) } ?? "",
        milliseconds(layer.seconds?.before),
        milliseconds(layer.seconds?.after), result.reason ?? "",
      ])
    }
    return table.withoutEmptyColumns
  }
}
