import OneiroGraph

extension OpsetAdapters {
  /// RoiAlign 16: regions are shifted by half a pixel unless an attribute says otherwise; before, they were not.
  static let roiAlign = OpsetAdapter.node("RoiAlign", to: 16) { (node, _) throws(GraphError) in
    node.attributes["coordinate_transformation_mode"] = .string("output_half_pixel")
  }
}
