import OneiroEEG
import OneiroGraph
import OneiroModel
import OneiroPicture

/// Trials of EEG, with what a file may say about them.
public struct Recording: Sendable {
  /// What messages call it: the file.
  public let source: String
  /// All files that it was read from, and what was done with them, where something was.
  public let files: [String]
  public let preparation: String?
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
  /// The same as files, where it is no such array.
  public let shownFiles: ShownPictures?
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
        found: "\(TensorType(given.elementType, dims: given.dims))")
    }
    let whole = given.rank == 2 ? given.reshaped([1] + given.dims) : given
    let companions = try TrialCompanions(arrays, count: whole.dims[0], source: source)
    self.init(
      source: source, files: [source], preparation: nil, trials: Self.floats(whole),
      trialNumbers: Array(0..<whole.dims[0]), companions)
  }

  private init(_ whole: Recording, _ indices: [Int]) {
    self.init(
      source: whole.source, files: whole.files, preparation: whole.preparation, trials: whole.trials.rows(indices),
      trialNumbers: indices.map { whole.trialNumbers[$0] },
      TrialCompanions(
        labels: whole.labels, noise: whole.noise, images: whole.images, shown: whole.shownFiles, origins: whole.origins
      )
      .rows(indices))
  }

  /// Trials that were cut out of a recording.
  /// - trials: float32 [N, channels, samples].
  init(
    source: String, files: [String], preparation: String?, trials: Tensor, trialNumbers: [Int],
    _ companions: TrialCompanions
  ) {
    self.source = source
    self.files = files
    self.preparation = preparation
    self.trials = trials
    self.trialNumbers = trialNumbers
    labels = companions.labels
    noise = companions.noise
    images = companions.images
    shownFiles = companions.shown
    origins = companions.origins
  }

  /// Those trials alone, in the order in which they were asked for.
  public func selecting(_ selection: TrialSelection) throws(DreamError) -> Recording {
    // A copy of all of them could be larger than memory.
    if selection == .all { return self }
    return Recording(self, try selection.indices(of: count, in: source))
  }

  /// One trial, float32 [1, channels, samples].
  public func trial(_ index: Int) -> Tensor { trials.rows([index]) }

  /// Whether it is known what was shown.
  public var hasPictures: Bool { images != nil || shownFiles != nil }

  /// The picture that was shown in a trial; `nil` where that is not known.
  /// - Throws: for a file that is no picture.
  public func shown(_ index: Int) throws(DreamError) -> Picture? {
    if let shownFiles { return try shownFiles.picture(index) }
    return images.map { images in
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

  /// The numbers of trials that are zeros alone, in which there is nothing to draw from.
  public var emptyTrialNumbers: [Int] {
    let size = channelCount * sampleCount
    let empty = trials.withElements(of: Float.self) { values in
      (0..<count).filter { trial in values[trial * size..<(trial + 1) * size].allSatisfy { $0 == 0 } }
    }
    return empty.map { trialNumbers[$0] }
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

  /// Those of 16 bits are widened when they are first looked at, and not by a call for each number.
  static func floats(_ tensor: Tensor) -> Tensor {
    if tensor.elementType == .float32 { return tensor }
    if NarrowStorage.types.contains(tensor.elementType) { return tensor.widening() }
    return Tensor(.float32, doubles: tensor.doubles(), dims: tensor.dims)
  }
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
