import Foundation
import OneiroGraph
import OneiroModel
import OneiroTestSupport
import Testing

/// Files with wrong bytes: reading them fails or succeeds, and the test is there to see it.
@Suite("Damaged checkpoints") struct CheckpointFuzzTests {
  @Test("Flipped, cut and doubled bytes", arguments: ["zoo_zip.pth", "zoo_legacy.pth", "zoo_expected.safetensors"])
  func damage(_ name: String) throws {
    let folder = try TemporaryFolder()
    let whole = Array(try Data(contentsOf: URL(fileURLWithPath: Golden.file(name))))
    var random = SplitMix(state: 7)
    var failures = 0
    for round in 0..<2500 {
      var bytes = whole
      switch round % 5 {
      case 0: bytes.removeLast(Int(random.next() % UInt64(whole.count)))
      case 1: bytes[round / 5 * 13 % whole.count] ^= 1 << UInt8(random.next() % 8)
      case 2: bytes[Int(random.next() % UInt64(whole.count))] = UInt8(truncatingIfNeeded: random.next())
      case 3:
        // A number of eight bytes: large, or negative.
        let at = Int(random.next() % UInt64(whole.count - 8))
        for byte in 0..<8 { bytes[at + byte] = byte < 7 ? 0xFF : (round % 2 == 0 ? 0x7F : 0xFF) }
      default:
        let from = Int(random.next() % UInt64(whole.count)), to = Int(random.next() % UInt64(whole.count))
        let count = min(Int(random.next() % 40), whole.count - max(from, to))
        bytes.replaceSubrange(to..<to + count, with: whole[from..<from + count])
      }
      try folder.write(bytes, to: "a")
      do {
        for tensor in try Checkpoint.read(folder.file("a")).tensors.values { _ = try tensor.read() }
      } catch {
        failures += 1
      }
    }
    // Most of the bytes of these files are structure.
    #expect(failures > 500 && failures < 2500)
  }
}

private struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}
