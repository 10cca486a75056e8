/// A case that a backend is known to compute otherwise. A gap that has closed fails its test: then its line goes.
package struct KnownGap: Sendable {
  package let backend: String
  package let op: String
  package let name: String
  package let reason: String

  package static let all: [KnownGap] = [
    KnownGap(
      backend: "vector", op: "Softsign", name: "NaN, infinities, denormals",
      reason: "x / (1 + |x|) is NaN for an infinity; the kernel gives the limit, 1"),
    KnownGap(
      backend: "vector", op: "ThresholdedRelu", name: "NaN, infinities, denormals",
      reason: "a NaN is not above the threshold, so the formula says 0; the kernel lets it through"),
    KnownGap(
      backend: "vector", op: "HardSigmoid", name: "NaN, infinities, denormals",
      reason: "the kernel lets a NaN through, as numpy's minimum and maximum do; the reference makes it 1"),
    KnownGap(
      backend: "vector", op: "ReduceL2", name: "denormals", reason: "squares of denormals underflow in float32"),
    KnownGap(
      backend: "onednn", op: "Softmax", name: "a NaN spoils its row alone",
      reason: "oneDNN's row has the NaN at its place alone"),
    KnownGap(
      backend: "onednn", op: "LogSoftmax", name: "a NaN spoils its row alone",
      reason: "oneDNN's row has the NaN at its place alone"),
    KnownGap(
      backend: "onednn", op: "Softmax", name: "plus infinity",
      reason: "infinity minus itself is NaN; oneDNN has it at one place"),
    KnownGap(
      backend: "onednn", op: "LogSoftmax", name: "plus infinity",
      reason: "infinity minus itself is NaN; oneDNN has it at one place"),
    KnownGap(
      backend: "onednn", op: "LogSoftmax", name: "[2, 1, 3] along 1",
      reason: "oneDNN's logarithm is off by 1.4e-6 at 1, where the result is 0"),
    KnownGap(
      backend: "onednn", op: "MaxPool", name: "NaN", reason: "oneDNN's maximum skips NaN"),
    KnownGap(
      backend: "onednn", op: "MaxPool", name: "all minus infinity",
      reason: "oneDNN starts from the lowest finite number"),
  ]

  package static func find(_ test: Case, on backend: String) -> KnownGap? {
    all.first { $0.backend == backend && $0.op == test.op.description && $0.name == test.name }
  }
}
