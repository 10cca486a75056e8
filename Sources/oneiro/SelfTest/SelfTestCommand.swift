import ArgumentParser
import Foundation
import OneiroConformance
import OneiroRuntime

struct SelfTestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "selftest",
    abstract: "Check every kernel on this CPU against the operators' definitions.",
    discussion: """
      Each plugin's kernels compute small cases (odd sizes, empty tensors, NaN and
      infinities, one thread and three), and the reference, which sums in double
      precision, judges them. A plugin with loops for several instruction sets is
      tested at each that this CPU has, in processes of their own, so that one that
      crashes is a failure with a name. ONEIRO_ISA or ONEDNN_MAX_CPU_ISA, where it is
      set, limits that plugin to one. The exit status is 1 when something failed.

        oneiro selftest
        oneiro selftest --backend vector,onednn
        oneiro selftest --backend ./libMyKernels.so
        ONEIRO_ISA=x86-64-v3 oneiro selftest --backend vector --json
      """.flowing)

  @Option(
    help: ArgumentHelp(
      "Kernel plugins to test, names or paths to a .so; the default is all that are found.", valueName: "name,..."))
  var backend: CommaList<String>?
  @Flag(help: "Print one JSON object.") var json = false

  func validate() throws {
    for name in backend?.values ?? [] { try BackendNames.checkPlugin(name, at: "--backend \(name)") }
  }

  func run() throws {
    guard let program = Bundle.main.executablePath else { throw ProgramError(description: "the program has no path") }
    let paths = try backend?.values.map(PluginSearch.path) ?? PluginSearch.all
    guard !paths.isEmpty else {
      throw ProgramError(
        description: "no kernel plugin was found, looked in \(PluginSearch.folders.joined(separator: ", "))")
    }
    var report = SelfTestReport()
    let search = ProgressBar()
    search.note("looking for instruction set levels")
    var levels: [InstructionSetLevel] = []
    for path in paths {
      do throws(ProgramError) {
        levels += try InstructionSetLevel.find(ofPlugin: path, program: program)
      } catch {
        // One that cannot be loaded does not hide the others.
        report.unusable.append("\(error)")
      }
    }
    search.clear()
    for level in levels where level.plugin == InstructionSetWish.plugin { InstructionSetWish.warn(at: level.name) }
    let bar = ProgressBar(counting: "case")
    let test = SelfTest(program: program), total = SelfTest.caseCount * levels.count
    for (index, level) in levels.enumerated() {
      report.results.append(
        try test.run(level) { done in
          bar.update(label: "\(level)", done: index * SelfTest.caseCount + done, total: total)
        })
    }
    bar.finish()
    print(json ? try report.json : report.text)
    if report.hasFailed { throw ExitCode(1) }
  }
}
