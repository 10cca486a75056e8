import CDNNL

/// How [N, C, spatial...] tensors lie while a primitive runs. They are plain outside, so all but `plain` are reordered
/// in the workspace, which may pay or not.
enum SpatialLayout: CaseIterable {
  case plain
  /// Whatever the implementation likes best, such as channels in blocks of a vector's width.
  case preferred
  case channelsLast

  func description(_ dims: [Int]) throws(KernelError) -> MemoryDescription {
    switch self {
    case .plain: try .plain(dims)
    case .preferred: try .any(dims)
    case .channelsLast: try .channelsLast(dims)
    }
  }
}
