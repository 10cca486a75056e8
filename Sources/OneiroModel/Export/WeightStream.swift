import OneiroGraph

/// Weights on their way into a file beside a model that is to be, one after the other: a tensor that has been written
/// need not stay in memory, as it can be mapped from that file.
public struct WeightStream: ~Copyable {
  private enum Entry {
    case small(Tensor)
    case written(type: ElementType, isNarrow: Bool, dims: [Int], place: ExternalDataWriter.Place)
  }

  private var writer: ExternalDataWriter
  private let threshold: Int
  private var entries: [Entry] = []
  private var kept: [(tensor: Tensor, place: ExternalDataWriter.Place)] = []
  private var seen: Set<ObjectIdentifier> = []

  /// - location: the file, relative to `folder`, the model's.
  /// - threshold: tensors of fewer bytes stay in the model file.
  public init(
    to location: String, in folder: String, threshold: Int = PlacedWeights.threshold
  ) throws(GraphError) {
    writer = try ExternalDataWriter(location: location, folder: folder)
    self.threshold = threshold
  }

  /// Writes a tensor that nobody needs in memory any more.
  /// - Returns: its position in `WrittenWeights.tensors`.
  public mutating func append(_ tensor: Tensor) throws(GraphError) -> Int {
    if let (type, _) = tensor.stored, tensor.storedByteCount >= threshold {
      let place = try writer.append(tensor)
      entries.append(.written(type: type, isNarrow: tensor.isNarrow, dims: tensor.dims, place: place))
    } else {
      entries.append(.small(tensor))
    }
    return entries.count - 1
  }

  /// Writes a tensor that stays in the model as it is. One that shares its memory with an earlier one is not written
  /// again.
  public mutating func keep(_ tensor: Tensor) throws(GraphError) {
    guard tensor.storedByteCount >= threshold, let identity = tensor.storageIdentity, seen.insert(identity).inserted
    else { return }
    kept.append((tensor, try writer.append(tensor)))
    // Pages of a mapped file that only passed by.
    tensor.stored?.storage.setAside()
  }

  public consuming func finish() throws(GraphError) -> WrittenWeights {
    let kept = kept, entries = entries
    let (file, hash) = try writer.finish()
    let mapped = try file.mapped()
    var isEmpty = kept.isEmpty
    var places = kept
    let tensors = entries.map { entry -> Tensor in
      guard case .written(let type, let isNarrow, let dims, let place) = entry else {
        if case .small(let tensor) = entry { return tensor }
        preconditionFailure("an entry is small or written")
      }
      isEmpty = false
      let range = place.offset..<place.offset + place.length
      let storage = mapped.storage(range, alignment: max(type.bitWidth / 8, 1))
      let tensor =
        isNarrow ? Tensor(widening: storage, from: type, dims: dims) : Tensor(type, dims: dims, storage: storage)
      places.append((tensor, place))
      return tensor
    }
    return WrittenWeights(tensors: tensors, hash: isEmpty ? nil : hash, places: places, file: isEmpty ? nil : file)
  }
}

/// What a `WeightStream` has written: a file without a name, which vanishes unless `PlacedWeights` takes it.
public struct WrittenWeights: Sendable {
  /// What was appended, now mapped from the file.
  public let tensors: [Tensor]
  /// The file's SHA-256 in lower-case hexadecimal; `nil` when no tensor was large enough for a file.
  public let hash: String?
  let places: [(tensor: Tensor, place: ExternalDataWriter.Place)]
  let file: FinishedFile?

  /// Bytes of the tensors in the file.
  public var byteCount: Int { places.reduce(0) { $0 + $1.place.length } }
}
