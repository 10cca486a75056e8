import OneiroModel
import Testing

/// The examples of FIPS 180-4 and its appendix files.
@Suite struct SHA256Tests {
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func publishedExample(text: String, hash: String) {
    #expect(Array(text.utf8).withUnsafeBytes { SHA256.hex($0) } == hash)
  }

  @Test func piecesGiveTheHashOfTheWhole() {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) }
    let whole = bytes.withUnsafeBytes { SHA256.hex($0) }
    // 55, 56, 63, 64 and 65 lie around the edges of a block and of its length field.
    for piece in [1, 3, 55, 56, 63, 64, 65, 999] {
      var hash = SHA256()
      for start in stride(from: 0, to: bytes.count, by: piece) {
        bytes[start..<min(start + piece, bytes.count)].withUnsafeBytes { hash.update($0) }
      }
      #expect(SHA256.hex(hash.finish()) == whole, "pieces of \(piece)")
    }
  }
}
