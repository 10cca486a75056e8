import Foundation
import OneiroGraph
import OneiroModel
import OneiroRuntime
import OneiroTestSupport
import Testing

@Suite("The process's peak memory is forecast") struct MemoryForecastTests {
  private static let page = MappedPages.pageByteCount
  private static let window = max(MappedPages.windowByteCount, page)

  /// Three windows from the last page of one on, with no page in memory but those.
  private func pages(resident: [Int] = []) -> (MappedPages, start: UInt) {
    let addresses = 5 * Self.window - Self.page..<8 * Self.window - Self.page
    let isResident = (0..<addresses.count / Int(Self.page)).map(resident.contains)
    return (MappedPages(addresses, isResident: isResident), addresses.lowerBound)
  }

  @Test("A page that is read brings in its window, once") func windows() {
    var (pages, start) = pages()
    #expect(pages.residentByteCount == 0)
    // Three small constants in the window behind the first page.
    for offset in [0, 700, Self.window - 8] {
      pages.read(start + Self.page + offset..<start + Self.page + offset + 8)
      #expect(pages.residentByteCount == Int(Self.window))
    }
    // The first page is all that the mapping has of its window.
    pages.read(start + 5..<start + 6)
    #expect(pages.residentByteCount == Int(Self.window + Self.page))
    // From there into the last window, which the mapping ends in.
    pages.read(start..<start + Self.page + 2 * Self.window + 1)
    #expect(pages.residentByteCount == Int(3 * Self.window))
    pages.read(start + 9..<start + 9)
    #expect(pages.residentByteCount == Int(3 * Self.window))
  }

  @Test("A page that is there already brings in nothing", .enabled(if: window > page)) func resident() {
    var (pages, start) = pages(resident: [1])
    pages.read(start + Self.page + 3..<start + 2 * Self.page)
    #expect(pages.residentByteCount == Int(Self.page))
    // The next one is not.
    pages.read(start + Self.page + 3..<start + 2 * Self.page + 1)
    #expect(pages.residentByteCount == Int(Self.window))
  }

  @Test("Weights of a file are set aside with what came into memory around them, and nothing else")
  func setAside() throws {
    // What the system's cache keeps together, at most.
    let folio = 2 << 20, count = 3 * folio + 12_345
    let folder = try TemporaryFolder()
    let path = try folder.write([UInt8](repeating: 7, count: count), to: "weights")
    let file = try MappedFile(path), start = try #require(file.bytes.baseAddress)
    func part(_ place: Int) -> ByteStorage {
      ByteStorage(borrowing: start + place, byteCount: 100, from: file, isMappedFile: true, mapping: file.bytes)
    }
    // Resident of the mapping, in bytes.
    func resident(without part: ByteStorage) throws -> Int {
      #expect(file.bytes.allSatisfy { $0 == 7 })
      part.setAside(withNeighbourhood: true)
      // A file that says it has no bytes.
      let text = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/self/smaps")).readToEnd() ?? Data()
      let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
      let mapping = try #require(lines.firstIndex { $0.contains(path) })
      let line = try #require(lines[mapping...].first { $0.hasPrefix("Rss:") })
      return try #require(line.split(separator: " ").compactMap { Int($0) }.first) * 1024
    }
    let whole = (count + Int(Self.page) - 1) / Int(Self.page) * Int(Self.page)
    // In the middle of what is kept together, and across its end, which is counted from the file's beginning.
    #expect(try resident(without: part(folio + folio / 2)) == whole - folio)
    #expect(try resident(without: part(2 * folio - 50)) == whole - 2 * folio)
    // At the end, where the file ends before.
    #expect(try resident(without: part(count - 100)) <= 3 * folio)
    let around = try #require(part(folio + folio / 2).neighbourhood), first = UInt(bitPattern: start) + UInt(folio)
    #expect(around == first..<first + UInt(folio))
    #expect(part(count - 100).neighbourhood?.upperBound == UInt(bitPattern: start) + UInt(whole))
    #expect(ByteStorage(byteCount: 5) { _ in }.neighbourhood == nil)
    withExtendedLifetime((file, folder)) {}
  }

  /// A Relu that counts how often it runs, and does not run otherwise than on zeros.
  private static let counting = """
    #include "oneiro_kernel.h"
    int oneiro_test_calls = 0;
    static int32_t supports(const oneiro_node *node, oneiro_text *why) { return ONEIRO_OK; }
    static int32_t compute(const oneiro_call *call) {
      const float *x = call->inputs[0].data;
      for (int64_t i = 0; i < oneiro_element_count(&call->inputs[0]); i++) if (x[i]) return ONEIRO_FAILED;
      memset(call->outputs[0].data, 0, call->outputs[0].byte_count);
      oneiro_test_calls++;
      return ONEIRO_OK;
    }
    int32_t oneiro_plugin_register(const oneiro_host *host) {
      oneiro_kernel kernel = {.struct_size = sizeof kernel, .since_version = 14, .op_type = "Relu", .domain = "", .isa = "c",
                              .supports = supports, .compute = compute};
      return host->add_kernel(host->context, &kernel);
    }
    """

  @Test(
    "Kernels of small steps have run once by then, so that what their libraries take is there",
    .enabled(if: CCompiler.path != nil, "needs a C compiler"))
  func firstCalls() throws {
    let path = try CCompiler.build("libcounting", Self.counting)
    let backend = try Backend(path)
    let symbol = try #require(dlsym(dlopen(path, RTLD_NOW), "oneiro_test_calls"))
    let calls = symbol.assumingMemoryBound(to: Int32.self)
    // Those of large steps are left out. What is proven under a bound is proven with planning.
    for (count, maxMemory, planned, forecast) in [
      (5, nil, 0, 2), (5, 1 << 40, 2, 2), (4 << 20, nil, 0, 0), (4 << 20, 1 << 40, 0, 0),
    ] as [(Int, Int?, Int32, Int32)] {
      calls.pointee = 0
      let type = TensorType(.float32, dims: [count])
      let graph = Graph(
        "g", inputs: [ValueInfo("x", .tensor(type))], outputs: [ValueInfo("y", nil), ValueInfo("z", nil)],
        nodes: [Node("Relu", inputs: ["x"], outputs: ["y"]), Node("Relu", inputs: ["y"], outputs: ["z"])])
      let plan = try Planner(backend: backend, threads: 2, maxMemory: maxMemory).plan(graph, inputs: ["x": type])
      #expect(calls.pointee == planned)
      let told = MemoryForecast(plan)
      #expect(told.peak >= plan.arenaByteCount)
      // What it takes, and not what it may take.
      if let maxMemory {
        #expect(told.peak < maxMemory / 16 && "\(told)".contains(" of \(ByteCount(maxMemory)): program "))
      }
      #expect(calls.pointee == forecast)
    }
  }
}
