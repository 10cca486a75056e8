/// A case that a backend is known to compute otherwise. A gap that has closed fails its test: then its line goes.
struct KnownGap {
  let backend: String
  let op: String
  let name: String
  let reason: String

  static let all: [KnownGap] = []

  static func find(_ test: Case, on backend: String) -> KnownGap? {
    all.first { $0.backend == backend && $0.op == test.op.description && $0.name == test.name }
  }
}
