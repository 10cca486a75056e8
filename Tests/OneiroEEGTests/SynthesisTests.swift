import Foundation
import OneiroEEG
import OneiroGraph
import OneiroModel
import OneiroTestSupport
import Testing

@Suite("Made-up recordings") struct SynthesisTests {
  private static let tables =
    #filePath.split(separator: "/").dropLast(2).map { "/" + $0 }.joined() + "/Golden/generator_tables.safetensors"

  @Test func theResponseIsThatOfTheModelsRecordings() throws {
    let tables = try SafetensorsFile(contentsOf: Self.tables).tensors
    let head = SyntheticHead(subject: 1)
    let electrodes = try #require(tables["electrodes"]).doubles()
    for (index, electrode) in head.electrodes.enumerated() {
      for axis in 0..<3 { #expect(abs(electrode[axis] - electrodes[3 * index + axis]) < 1e-6) }
    }
    let expected = try #require(tables["evoked_class3_hue025_subject1"]).doubles()
    let response = head.evoked(classNumber: 3, hue: 0.25, delay: 0)
    var worst = 0.0
    for row in 0..<16 {
      for n in 0..<512 { worst = max(worst, abs(response[8 * row][n] - expected[512 * row + n])) }
    }
    #expect(worst < 1e-5)
  }

  @Test func theSameSeedGivesTheSameFile() throws {
    let folder = try TemporaryFolder()
    for (name, seed) in [("a", 5), ("b", 5), ("c", 6)] as [(String, UInt64)] {
      var file = SyntheticFile(.edfPlus)
      (file.seed, file.trialCount, file.electrodes) = (seed, 2, ["Fp1", "Oz"])
      try file.write(to: folder.file(name))
    }
    #expect(try folder.read("a") == folder.read("b"))
    #expect(try folder.read("a") != folder.read("c"))
  }

  @Test(arguments: EDFWriter.Kind.allCases) func everyKindReadsBack(kind: EDFWriter.Kind) throws {
    let folder = try TemporaryFolder()
    var file = SyntheticFile(kind)
    (file.trialCount, file.electrodes) = (12, ["Fz", "Cz", "Pz"])
    let trials = try file.write(to: folder.file("a"))
    let recording = try EEGRecording.open(folder.file("a"))
    #expect(recording.warnings.isEmpty)
    let eeg = recording.channels.prefix(3)
    #expect(eeg.map(\.label) == ["Fz", "Cz", "Pz"] && eeg.allSatisfy { $0.samplingRate == 1000 && $0.unit == "uV" })
    #expect(recording.duration >= 14 * 1.024)
    let events = try recording.timeline().events
    switch kind {
    case .edf: #expect(events.isEmpty)
    case .bdf: #expect(events.map(\.label) == trials.map { "\($0.classNumber + 1)" })
    default: #expect(events.map(\.label) == trials.map { SyntheticHead.classes[$0.classNumber] })
    }
    for (event, trial) in zip(events, trials) { #expect(abs(event.onset - trial.onset) < 1e-6) }
    // All ten classes come before one comes again.
    #expect(Set(trials.prefix(10).map(\.classNumber)).count == 10)
  }

  /// About 0.71 over all electrodes and subjects, as the model's recordings.
  @Test func theNoiseIsAsStrongAsTheModelsRecordings() throws {
    var deviations: [Double] = []
    for subject in 0..<SyntheticHead.subjectCount {
      var stream = SyntheticEEG(head: SyntheticHead(subject: subject), trialCount: 20, interval: 0.512, seed: 3)
      var squares = 0.0, count = 0
      for _ in 0..<40 {
        for row in stream.next() {
          squares += row.reduce(0) { $0 + $1 * $1 }
          count += row.count
        }
      }
      deviations.append((squares / Double(count)).squareRoot())
    }
    let mean = deviations.reduce(0, +) / Double(deviations.count)
    #expect(abs(mean - 0.71) < 0.05, "\(deviations)")
    #expect(deviations == deviations.sorted())
  }
}
