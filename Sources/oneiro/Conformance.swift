import ArgumentParser
import Foundation
import OneiroRuntime

struct Conformance: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run ONNX backend test folders.",
    usage: "oneiro conformance [<options>] <folders> ...",
    discussion: """
      Each folder holds model.onnx and test_data_set_*/{input,output}_i.pb; a tree of
      them is searched. As many cases as there are threads run at once, and kernels are
      timed only if --tuning full asks for it. A case that fails is listed with the
      first element that is not as expected.

        oneiro conformance /usr/share/libonnx-testdata/data --backend onednn
        oneiro conformance .peers/onnx-cases/test_swish --backend reference --verbose
      """.flowing)

  @Argument(help: "Folders to search for cases.") var folders: [String]
  @OptionGroup var options: BackendOptions
  @Option(
    help: ArgumentHelp("A case that takes longer has failed, and the others go on.", valueName: "seconds"))
  var timeLimit = 60.0
  @Flag(help: "Print one JSON object.") var json = false
  @Flag(help: "Name every case, and not only those that failed.") var verbose = false

  func validate() throws {
    // A year, which a Duration holds many times over.
    guard timeLimit > 0, timeLimit <= 3.2e7 else {
      throw ValidationError("--time-limit: expected more than 0 seconds and at most a year, found \(timeLimit)")
    }
  }

  func run() throws {
    let cases = try ConformanceCase.find(in: folders)
    let threads = options.usefulThreads, workers = min(threads, cases.count)
    // Cases are tiny, so threads are of more use side by side than inside one. Only a case by itself gets them all.
    // What is timed beside other work says little, and would be remembered.
    let planner = try options.planner(
      threads: threads / workers, tuning: options.tuning == .full ? options.openedTuning : .off)
    let suite = ConformanceSuite(ConformanceRun(planner: planner), workers: workers, timeLimit: .seconds(timeLimit))
    let bar = ProgressBar(isQuiet: isatty(STDERR_FILENO) == 0)
    var report = ConformanceReport()
    let left = suite.run(cases) { result in
      report.add(result)
      if !json, let line = ConformanceReport.line(result, verbose: verbose) {
        bar.clear()
        print(line)
        // What was printed before a crash says where it was.
        fflush(nil)
      }
      bar.update(label: "conformance", done: report.count, total: cases.count)
    }
    bar.finish()
    print(json ? try report.json(backend: options.backend) : report.closingLine)
    // Threads that are still at work must not find the libraries taken down around them.
    if left > 0 {
      fflush(nil)
      _exit(1)
    }
    if report.failed > 0 { throw ExitCode(1) }
  }
}
