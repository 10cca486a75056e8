import OneiroGraph
import Testing

@Suite("Tensors side by side") struct JoinedTensorTests {
  private static let left = Tensor([1, 2, 3, 4] as [Int32], dims: [2, 2])
  private static let right = Tensor([5, 6] as [Int32], dims: [2, 1])

  @Test("Columns, rows, and what lies between other axes") func joins() throws {
    let columns = try #require(Tensor.joined([Self.left, Self.right], axis: 1))
    #expect(columns.dims == [2, 3] && columns.elements(of: Int32.self) == [1, 2, 5, 3, 4, 6])
    let rows = try #require(Tensor.joined([Self.left, Self.right.reshaped([1, 2])], axis: 0))
    #expect(rows.dims == [3, 2] && rows.elements(of: Int32.self) == [1, 2, 3, 4, 5, 6])
    let middle = try #require(Tensor.joined([Self.left, Self.left].map { $0.reshaped([2, 1, 2]) }, axis: 1))
    #expect(middle.dims == [2, 2, 2] && middle.elements(of: Int32.self) == [1, 2, 1, 2, 3, 4, 3, 4])
  }

  @Test("What was set aside is there again for whoever asks") func setAside() throws {
    // Whole pages, and some bytes of one more.
    let count = 3001, part = Tensor((0..<count).map { Int32($0) }, dims: [count])
    let joined = try #require(Tensor.joined([part, part], axis: 0)), storage = try #require(joined.storage)
    let expected = part.elements(of: Int32.self) + part.elements(of: Int32.self)
    let address = storage.address.assumingMemoryBound(to: Int32.self)
    #expect(address[1] == 0)
    #expect(joined.elements(of: Int32.self) == expected && address[1] == 1)
    storage.setAside()
    #expect(address[1] == 0)
    #expect(joined.elements(of: Int32.self) == expected)
  }

  @Test("16 bits stay so until they are widened") func narrow() throws {
    let halves = Tensor([1, -2, 0.5, 3] as [Float16], dims: [2, 2]).widening()
    let joined = try #require(Tensor.joined([halves, halves], axis: 1))
    #expect(joined.isNarrow && joined.storedByteCount == 16)
    #expect(joined.elements(of: Float.self) == [1, -2, 1, -2, 0.5, 3, 0.5, 3])
  }

  @Test("What does not fit is not joined") func refuses() {
    #expect(Tensor.joined([], axis: 0) == nil)
    #expect(Tensor.joined([Self.left, Self.right], axis: 0) == nil)
    #expect(Tensor.joined([Self.left, Self.left], axis: 2) == nil)
    #expect(Tensor.joined([Self.left, Tensor([1, 2] as [Float], dims: [2, 1])], axis: 1) == nil)
    let wide = Tensor([1, 2] as [Float], dims: [2, 1]), halves = Tensor([1, 2] as [Float16], dims: [2, 1]).widening()
    #expect(Tensor.joined([wide, halves], axis: 1) == nil)
    #expect(Tensor.joined([Tensor([] as [Float], dims: [0, 2])], axis: 1) == nil)
    #expect(Tensor.joined([Tensor(.int4, doubles: [1, 2], dims: [2])], axis: 0) == nil)
  }
}
