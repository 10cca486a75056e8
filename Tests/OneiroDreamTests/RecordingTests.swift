import OneiroDream
import OneiroGraph
import Testing

@Suite struct RecordingTests {
  /// [3, 2, 2]: trial t, channel c, sample s is 100 t + 10 c + s.
  private let trials = Tensor([0, 1, 10, 11, 100, 101, 110, 111, 200, 201, 210, 211] as [Float], dims: [3, 2, 2])

  @Test(
    arguments: [
      ("a.npy", "a.npy", nil), ("a.npy:3", "a.npy", .ranges([3...3])), ("a.npy:all", "a.npy", .all),
      ("a.npy:0-7,12", "a.npy", .ranges([0...7, 12...12])), ("C:x/a.npy", "C:x/a.npy", nil),
      ("a:1.npy", "a:1.npy", nil),
      ("a:", "a:", nil), ("a:7-3", "a:7-3", nil), ("a:-1", "a:-1", nil), ("a:1-", "a:1-", nil), ("a:+1", "a:+1", nil),
    ] as [(String, String, TrialSelection?)])
  func fileAndTrials(argument: String, path: String, selection: TrialSelection?) {
    let split = TrialSelection.split(argument)
    #expect(split.path == path)
    #expect(split.selection == selection)
  }

  @Test func trialsAreTakenInTheOrderAskedFor() throws {
    let recording = try Recording(["eeg": trials, "label": Tensor([7, 8, 9] as [Int64], dims: [3])], source: "a.npz")
    let some = try recording.selecting(.ranges([2...2, 0...1]))
    #expect(some.trialNumbers == [2, 0, 1])
    #expect(some.labels == [9, 7, 8])
    #expect(some.trials.dims == [3, 2, 2])
    #expect(some.trials.elements(of: Float.self).prefix(5) == [200, 201, 210, 211, 0])
  }

  @Test func aTrialThatIsNotThereIsRefused() throws {
    let recording = try Recording(["eeg": trials], source: "a.npz")
    let error = #expect(throws: DreamError.self) { try recording.selecting(.ranges([1...5])) }
    #expect(error?.description == "a.npz: trial: expected 0 ... 2, found 5")
  }

  @Test func oneTrialNeedsNoAxisOfTrials() throws {
    let recording = try Recording(["x": Tensor([1, 2, 3, 4, 5, 6] as [Double], dims: [2, 3])], source: "a.npy")
    #expect(recording.trials.dims == [1, 2, 3])
    #expect(recording.trials.elements(of: Float.self) == [1, 2, 3, 4, 5, 6])
  }

  @Test func theArrayMustBeClear() {
    let none = #expect(throws: DreamError.self) {
      try Recording(["n": Tensor([1] as [Int64], dims: [1, 1])], source: "a.npz")
    }
    #expect(
      none?.description == "a.npz: expected an array \"eeg\" or one floating-point array of rank 2 or 3, found none")
    let two = #expect(throws: DreamError.self) { try Recording(["b": trials, "a": trials], source: "a.npz") }
    #expect(
      two?.description == "a.npz: expected an array \"eeg\" or one floating-point array of rank 2 or 3, found a, b")
    let rank = #expect(throws: DreamError.self) { try Recording(["eeg": trials.reshaped([12])], source: "a.npz") }
    #expect(
      rank?.description
        == "a.npz: eeg: expected numbers [channels, samples] or [trials, channels, samples], found float[12]")
    let labels = #expect(throws: DreamError.self) {
      try Recording(["eeg": trials, "label": Tensor([1, 2] as [Int64], dims: [2])], source: "a.npz")
    }
    #expect(labels?.description == "a.npz: label: expected integers [3] because there are 3 trials, found int64[2]")
  }

  @Test func whatIsNotFiniteIsNamed() throws {
    var values = trials.elements(of: Float.self)
    values[2 * 4 + 1 * 2 + 1] = -.infinity
    let recording = try Recording(["eeg": Tensor(values, dims: [3, 2, 2])], source: "a.npz")
    let error = #expect(throws: DreamError.self) { try recording.selecting(.ranges([2...2])).checkFinite() }
    #expect(error?.description == "a.npz: trial 2, channel 1, sample 1: expected a finite number, found -inf")
    try recording.selecting(.ranges([0...1])).checkFinite()
  }

  @Test func anotherNumberOfChannelsOrSamplesIsRefused() throws {
    let recording = try Recording(["eeg": trials], source: "a.npz")
    try recording.check(fits: TensorType(.float32, [.symbol("N"), .known(2), .symbol("T")]), named: "eeg")
    let error = #expect(throws: DreamError.self) {
      try recording.check(fits: TensorType(.float32, [.symbol("N"), .known(128), .known(512)]), named: "eeg")
    }
    #expect(
      error?.description
        == "a.npz: expected 128 channels of 512 samples because input \"eeg\" takes float[N,128,512], found 2 channels of 2 samples"
    )
  }
}

@Suite struct RecordingFileTests {
  @Test func endingsAndMissingFilesAreNamed() {
    let ending = #expect(throws: DreamError.self) { try Recording(contentsOf: "trial.mat") }
    #expect(
      ending?.description == "trial.mat: kind of file: expected one of .npy, .npz, .safetensors, found .mat")
    for path in ["nowhere/a.npy", "nowhere/a.npz", "nowhere/a.safetensors"] {
      let missing = #expect(throws: DreamError.self) { try Recording(contentsOf: path) }
      #expect(missing?.description.hasPrefix("\(path): cannot be opened") == true)
    }
  }
}
