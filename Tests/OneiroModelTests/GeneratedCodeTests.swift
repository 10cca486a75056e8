import Foundation
import Testing

@Suite("Generated code") struct GeneratedCodeTests {
  static let hasCompiler = ["/usr/bin/protoc-c", "/usr/local/bin/protoc-c"].contains {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  @Test("The committed messages are what protoc-c makes of onnx.proto", .enabled(if: hasCompiler)) func upToDate()
    throws
  {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Sources/COnnx/regenerate.sh").standardizedFileURL
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = [script.path, "--check"]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }
}
