import OneiroGraph

extension OpsetAdapters {
  /// GridSample 20: its modes lost their "bi", since it takes any number of axes.
  static let gridSample = OpsetAdapter.node("GridSample", to: 20) { (node, _) throws(GraphError) in
    guard case .string(let mode) = node.attributes["mode"] else { return }
    switch String(decoding: mode, as: UTF8.self) {
    case "bilinear": node.attributes["mode"] = .string("linear")
    case "bicubic": node.attributes["mode"] = .string("cubic")
    default: break
    }
  }
}
