import ArgumentParser
import Foundation
import OneiroGraph
import OneiroOps
import OneiroRuntime

struct Ops: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List operators: versions, element types, and which backends have kernels for them.",
    discussion: """
      All that ONNX has, and Oneiro's own. Versions in parentheses are brought to newer
      ones when a file is read. Types are those of the operator's main values; --json
      has all of them. Where no backend has a kernel of its own, the reference kernel
      runs.

        oneiro ops
        oneiro ops pool softmax
        oneiro ops --domain ai.onnx.ml
        oneiro ops --backend openblas --json
      """.flowing)

  @Argument(help: "Operators to list: parts of their names, in any case.") var names: [String] = []
  @Option(help: ArgumentHelp("List the operators of this domain alone.", valueName: "domain"))
  var domain: String?
  @Option(
    help: ArgumentHelp(
      "List what this backend has kernels of its own for: a name, or a path to a .so.", valueName: "name"))
  var backend: String?
  @Flag(help: "Print one JSON object.") var json = false

  func validate() throws {
    guard let backend else { return }
    guard backend.allSatisfy({ $0 != "," && $0 != "=" }) else {
      throw ValidationError("--backend: expected one name or a path to a .so, found \"\(backend)\"")
    }
    try BackendNames.check(backend, option: "--backend")
  }

  func run() throws {
    let source = try backend.map { try Backend($0, isStrict: true).chain[0] }
    var plugins = PluginSearch.all.compactMap { try? KernelPlugin.load($0) }
    if case .plugin(let plugin)? = source { plugins = [plugin] }
    let operators = OperatorCoverage.all(plugins: plugins).filter { isAsked($0, source) }
    guard !operators.isEmpty else { throw OpsError.nothing(asked) }
    print(json ? try OpsReport.json(operators) : OpsReport.text(operators))
  }

  private func isAsked(_ coverage: OperatorCoverage, _ source: KernelSource?) -> Bool {
    let op = coverage.op
    if let domain, OpIdentifier(op.opType, domain: domain) != op { return false }
    switch source {
    case .plugin?: if coverage.kernels.isEmpty { return false }
    case .reference?: if coverage.support != .implemented { return false }
    case nil: break
    }
    return names.isEmpty || names.contains { op.opType.localizedCaseInsensitiveContains($0) }
  }

  /// The filters, as they were written.
  private var asked: String {
    (names + (domain.map { ["--domain \($0)"] } ?? []) + (backend.map { ["--backend \($0)"] } ?? []))
      .joined(separator: " ")
  }
}

enum OpsError: Error, CustomStringConvertible {
  case nothing(String)
  var description: String {
    switch self {
    case .nothing(let asked): "\(asked): expected an operator that fits, found none of \(StandardOperators.package)"
    }
  }
}
