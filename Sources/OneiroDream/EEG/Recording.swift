import OneiroEEG
import OneiroGraph
import OneiroModel
import OneiroPicture

/// Trials of EEG, with what a file may say about them.
public struct Recording: Sendable {
  /// What messages call it: the file.
  public let source: String
  /// float32 [N, channels, samples], in the unit that the model was trained with.
  public let trials: Tensor
  /// The number of each trial in the file, [N].
  public let trialNumbers: [Int]
  /// The class of the picture that was shown, [N].
  public let labels: [Int64]?
  /// The noise to start each picture from, float32 [N,C,h,w].
  public let noise: Tensor?
  /// The pictures that were shown, uint8 [N,H,W,3].
  public let images: Tensor?
  /// Where each trial comes from, as far as the file says.
  public let origins: TrialOrigins

  public var count: Int { trialNumbers.count }
  public var channelCount: Int { trials.dims[1] }
  public var sampleCount: Int { trials.dims[2] }

  /// The trials among the named arrays of a file: `eeg`, or the only floating-point array of rank 2 or 3. Beside it may
  /// stand `label` (integers [N]), `x_T` (floats [N,C,h,w]), `image` (uint8 [N,H,W,3]) and those of `TrialOrigins`.
  /// - source: what messages call the recording.
  public init(_ arrays: [String: Tensor], source: String) throws(DreamError) {
    let name: String
    do throws(GraphError) { name = try TrialArrayName.find(in: arrays, source: source) } catch { throw .graph(error) }
    guard let given = arrays[name] else { preconditionFailure("\(name) was found before") }
    guard given.elementType.isFloatingPoint || given.elementType.isInteger, [2, 3].contains(given.rank),
      !given.dims.contains(0)
    else {
      throw .mismatch(
        at: "\(source): \(name)", expected: "numbers [channels, samples] or [trials, channels, samples]",
        found: Self.describe(given))
    }
    self.source = source
    trials = Self.floats(given.rank == 2 ? given.reshaped([1] + given.dims) : given)
    let count = trials.dims[0]
    trialNumbers = Array(0..<count)
    labels = try Self.companion("label", of: arrays, count, source, expected: "integers [\(count)]") {
      $0.elementType.isInteger && $0.rank == 1
    }?.int64s()
    noise = try Self.companion("x_T", of: arrays, count, source, expected: "floats [\(count),C,h,w]") {
      $0.elementType.isFloatingPoint && $0.rank == 4
    }.map(Self.floats)
    images = try Self.companion("image", of: arrays, count, source, expected: "uint8 [\(count),H,W,3]") {
      $0.elementType == .uint8 && $0.rank == 4 && $0.dims[3] == 3
    }
    origins = try TrialOrigins { (name) throws(DreamError) in
      try Self.companion(name, of: arrays, count, source, expected: "integers [\(count)]") {
        $0.elementType.isInteger && $0.rank == 1
      }?.int64s()
    }
  }

  private init(_ whole: Recording, _ indices: [Int]) {
    source = whole.source
    trials = whole.trials.rows(indices)
    trialNumbers = indices.map { whole.trialNumbers[$0] }
    labels = whole.labels.map { labels in indices.map { labels[$0] } }
    noise = whole.noise?.rows(indices)
    images = whole.images?.rows(indices)
    origins = whole.origins.rows(indices)
  }

  /// Those trials alone, in the order in which they were asked for.
  public func selecting(_ selection: TrialSelection) throws(DreamError) -> Recording {
    // A copy of all of them could be larger than memory.
    if selection == .all { return self }
    return Recording(self, try selection.indices(of: count, in: source))
  }

  /// One trial, float32 [1, channels, samples].
  public func trial(_ index: Int) -> Tensor { trials.rows([index]) }

  /// The picture that was shown in a trial.
  public func shown(_ index: Int) -> Picture? {
    images.map { images in
      Picture(width: images.dims[2], height: images.dims[1], pixels: images.rows([index]).elements(of: UInt8.self))
    }
  }

  /// Tells the system that nothing of a mapped file is needed for now.
  public func setAside() {
    trials.storage?.setAside()
    images?.storage?.setAside()
  }

  /// Refuses what is no finite number, and names where it is.
  public func checkFinite() throws(DreamError) { try checkFinite(0..<count) }

  /// The same of some trials.
  public func checkFinite(_ range: Range<Int>) throws(DreamError) {
    let size = channelCount * sampleCount
    let bad = trials.withElements(of: Float.self) { values in
      values[range.lowerBound * size..<range.upperBound * size].firstIndex { !$0.isFinite }.map { ($0, values[$0]) }
    }
    guard let (index, value) = bad else { return }
    let place = (trial: index / size, channel: index / sampleCount % channelCount)
    throw .mismatch(
      at: "\(source): trial \(trialNumbers[place.trial]), channel \(place.channel), sample \(index % sampleCount)",
      expected: "a finite number", found: "\(value)")
  }

  /// Refuses trials of another size than a model takes.
  /// - input: the model's input for them, [N, channels, samples].
  public func check(fits input: TensorType, named inputName: String) throws(DreamError) {
    guard let shape = input.shape else { return }
    let found = [Dimension.symbol("trials"), .known(channelCount), .known(sampleCount)]
    guard shape.count == 3, shape[1].agrees(with: found[1]), shape[2].agrees(with: found[2]) else {
      let expected = shape.count == 3 ? "\(shape[1]) channels of \(shape[2]) samples" : "\(input)"
      throw .mismatch(
        at: source, expected: "\(expected) because input \"\(inputName)\" takes \(input)",
        found: "\(channelCount) channels of \(sampleCount) samples")
    }
  }

  /// An array that stands beside the trials, one row a trial.
  private static func companion(
    _ name: String, of arrays: [String: Tensor], _ count: Int, _ source: String, expected: String,
    _ fits: (Tensor) -> Bool
  ) throws(DreamError) -> Tensor? {
    guard let array = arrays[name] else { return nil }
    guard fits(array), array.dims[0] == count else {
      throw .mismatch(
        at: "\(source): \(name)", expected: "\(expected) because there are \(count) trials", found: describe(array))
    }
    return array
  }

  private static func floats(_ tensor: Tensor) -> Tensor {
    tensor.elementType == .float32 ? tensor : Tensor(.float32, doubles: tensor.doubles(), dims: tensor.dims)
  }

  private static func describe(_ tensor: Tensor) -> String { "\(TensorType(tensor.elementType, dims: tensor.dims))" }
}

extension Tensor {
  /// Rows of the first axis, copied.
  public func rows(_ indices: [Int]) -> Tensor {
    precondition(rank >= 1 && elementType.bitWidth >= 8 && indices.allSatisfy { $0 >= 0 && $0 < dims[0] })
    let rowBytes = dims[0] == 0 ? 0 : bytes.count / dims[0]
    let source = bytes
    let storage = ByteStorage(byteCount: rowBytes * indices.count) { memory in
      for (row, index) in indices.enumerated() {
        UnsafeMutableRawBufferPointer(rebasing: memory[row * rowBytes..<(row + 1) * rowBytes])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[index * rowBytes..<(index + 1) * rowBytes]))
      }
    }
    return Tensor(elementType, dims: [indices.count] + dims.dropFirst(), storage: storage)
  }
}
