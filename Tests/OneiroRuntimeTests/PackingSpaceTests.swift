import COneiroKernel
import OneiroGraph
import OneiroRuntime
import Testing

@Suite("Memory that kernels pack into one after the other") struct PackingSpaceTests {
  private static let byteCount = 3 * LargePages.size

  /// What a kernel gets that asks for so many bytes.
  private func ask(_ space: PackingSpace, _ byteCount: Int) -> UnsafeMutablePointer<UInt8>? {
    var call = oneiro_call(), isFilled: Int32 = 1
    call.struct_size = UInt32(MemoryLayout<oneiro_call>.size)
    space.offer(to: &call)
    let memory = oneiro_packed_memory(&call, nil, byteCount, &isFilled)
    #expect(isFilled == 0)
    return memory?.assumingMemoryBound(to: UInt8.self)
  }

  @Test("Each kernel begins at the beginning, and its pieces lie beside each other") func pieces() throws {
    let space = try #require(PackingSpace(byteCount: Self.byteCount))
    #expect(space.enter(keeping: .max))
    let first = try #require(ask(space, 100)), second = try #require(ask(space, 1000))
    #expect(second - first == 128 && UInt(bitPattern: second) % 64 == 0)
    #expect(ask(space, Self.byteCount) == nil && ask(space, .max) == nil && ask(space, 0) == nil)
    #expect(ask(space, Self.byteCount - 1152) != nil && ask(space, 1) == nil)
    space.leave(keeping: .max)
    #expect(space.enter(keeping: .max) && ask(space, Self.byteCount) == first)
  }

  @Test("Nobody else comes in meanwhile") func alone() throws {
    let space = try #require(PackingSpace(byteCount: Self.byteCount))
    #expect(space.enter(keeping: 0) && !space.enter(keeping: 0))
    space.leave(keeping: 0)
    #expect(space.enter(keeping: 0))
  }

  @Test(
    "What there is room for stays in memory, in whole large pages, and the rest is given back",
    arguments: [(Int.max, 3), (2 * LargePages.size + 5, 2), (LargePages.size - 1, 0), (0, 0), (-1, 0)])
  func room(keeping: Int, pages: Int) throws {
    for isBefore in [true, false] {
      let space = try #require(PackingSpace(byteCount: Self.byteCount))
      #expect(space.enter(keeping: .max))
      let memory = try #require(ask(space, Self.byteCount))
      for page in 0..<3 { memory[page * LargePages.size] = 7 }
      space.leave(keeping: isBefore ? .max : keeping)
      #expect(space.enter(keeping: isBefore ? keeping : .max) && ask(space, Self.byteCount) == memory)
      // Pages that come anew are zeros.
      #expect((0..<3).map { memory[$0 * LargePages.size] } == (0..<3).map { $0 < pages ? 7 : 0 })
    }
  }
}
