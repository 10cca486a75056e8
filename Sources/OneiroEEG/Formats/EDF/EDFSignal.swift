import OneiroGraph

/// One signal of an EDF or BDF header.
struct EDFSignal {
  let label: String
  let unit: String
  let transducer: String
  let prefiltering: String
  let samplesPerRecord: Int
  let scaling: Scaling
  let isAnnotation: Bool
  private(set) var warnings: [String] = []

  /// - number: from 0; fields of all signals stand together.
  init(_ number: Int, of count: Int, _ header: HeaderText, _ kind: EDFHeader.Kind) throws(GraphError) {
    // Field, its offset a signal before it, its width.
    func at(_ before: Int, _ width: Int) -> Int { 256 + before * count + number * width }
    label = header.text(at(0, 16), 16)
    transducer = header.text(at(16, 80), 80)
    unit = header.text(at(96, 8), 8)
    prefiltering = header.text(at(136, 80), 80)
    isAnnotation = label == kind.annotationLabel
    let name = "signal \(number + 1) \"\(label)\""
    samplesPerRecord = try header.integer(at(216, 8), 8, "\(name): samples in a record", in: 0...Int.max)
    guard !isAnnotation else {
      scaling = .identity
      return
    }
    let physical = (
      minimum: try header.number(at(104, 8), 8, "\(name): physical minimum"),
      maximum: try header.number(at(112, 8), 8, "\(name): physical maximum")
    )
    let digital = (
      minimum: try header.number(at(120, 8), 8, "\(name): digital minimum"),
      maximum: try header.number(at(128, 8), 8, "\(name): digital maximum")
    )
    if let scaling = Scaling(digital: digital, physical: physical) {
      self.scaling = scaling
    } else {
      scaling = .identity
      warnings.append(
        "\(name): no scaling: digital \(digital.minimum) to \(digital.maximum) is physical \(physical.minimum) to "
          + "\(physical.maximum); its numbers are those of the file")
    }
    if digital.minimum > digital.maximum { warnings.append("\(name): its digital minimum is above the maximum") }
    if samplesPerRecord == 0 { warnings.append("\(name): has no samples, and is left out") }
  }
}
