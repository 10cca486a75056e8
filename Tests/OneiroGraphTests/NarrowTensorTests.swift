import OneiroGraph
import Testing

@Suite("float32 tensors kept in 16 bits") struct NarrowTensorTests {
  private static let allBits = Tensor((0...UInt16.max).map { $0 }, dims: [256, 256])

  private func widened(_ type: ElementType) -> [Float] {
    Tensor(widening: Self.allBits.storage!, from: type, dims: [1 << 16]).elements(of: Float.self)
  }

  @Test("Every float16 is the float32 of the same value") func float16() {
    let wrong = widened(.float16).enumerated().first { bits, found in
      let expected = Float(Float16(bitPattern: UInt16(bits)))
      return expected.isNaN ? !found.isNaN : expected.bitPattern != found.bitPattern
    }
    #expect(wrong == nil, "\(wrong.map { "0x\(String($0.offset, radix: 16)) became \($0.element)" } ?? "")")
  }

  @Test("Every bfloat16 is the float32 of the same value") func bfloat16() {
    let wrong = widened(.bfloat16).enumerated().first { bits, found in found.bitPattern != UInt32(bits) << 16 }
    #expect(wrong == nil, "\(wrong.map { "0x\(String($0.offset, radix: 16)) became \($0.element)" } ?? "")")
  }

  @Test("float32 rounds to float16 as the standard library does, NaN stays NaN") func narrowing() {
    // Around every float16: itself, the points halfway to its neighbours, and what lies right beside those.
    var floats: [Float] = [.leastNonzeroMagnitude, -.leastNonzeroMagnitude, .greatestFiniteMagnitude, .signalingNaN]
    for bits in UInt16(0)...0x7BFF {
      let low = Float(Float16(bitPattern: bits)), high = bits == 0x7BFF ? 65536 : Float(Float16(bitPattern: bits + 1))
      let middle = low + (high - low) / 2
      for value in [low, low.nextUp, middle.nextDown, middle, middle.nextUp, high.nextDown] {
        floats += [value, -value]
      }
    }
    for bits in stride(from: UInt32(0), to: .max - 65_537, by: 65_537) { floats.append(Float(bitPattern: bits)) }
    let found = [Float16](unsafeUninitializedCapacity: floats.count) { memory, count in
      floats.withUnsafeBufferPointer { source in
        memory.initialize(repeating: 0)
        HalfNarrowing.narrow(source, into: UnsafeMutableBufferPointer(rebasing: memory[..<source.count]))
      }
      count = floats.count
    }
    let wrong = floats.indices.first { index in
      let expected = Float16(floats[index])
      return expected.isNaN ? !found[index].isNaN : expected.bitPattern != found[index].bitPattern
    }
    #expect(wrong == nil, "\(wrong.map { "\(floats[$0]) became \(found[$0])" } ?? "")")
  }

  @Test("A narrow tensor is float32 to everybody, and keeps its memory") func reading() throws {
    let halves = Tensor([1, -2, 0.5, 65504] as [Float16], dims: [2, 2])
    let tensor = halves.widening()
    #expect(tensor.elementType == .float32 && tensor.dims == [2, 2] && tensor.count == 4)
    #expect(tensor.isNarrow && !halves.isNarrow && tensor.storedByteCount == 8)
    #expect(tensor.stored?.type == .float16 && tensor.stored?.storage === halves.storage)
    #expect(tensor.elements(of: Float.self) == [1, -2, 0.5, 65504])
    #expect(tensor.doubles() == [1, -2, 0.5, 65504])
    #expect(tensor.bytes.count == 16)
    #expect(tensor.asStored.elementType == .float16 && tensor.asStored.storage === halves.storage)
    let flat = tensor.reshaped([4])
    #expect(flat.isNarrow && flat.dims == [4] && flat.storage === tensor.storage)
    #expect(tensor.withOwnWidening.storage !== tensor.storage)
    #expect(Tensor([1] as [Float], dims: [1]).asStored.elementType == .float32)
    let empty = Tensor([] as [BFloat16], dims: [0, 3]).widening()
    #expect(empty.elements(of: Float.self) == [] && empty.bytes.count == 0)
  }

  @Test("Many threads ask for the widened elements at once") func concurrency() async {
    let tensor = Tensor([Float16](repeating: 3, count: 1 << 16), dims: [1 << 16]).widening()
    let places = await withTaskGroup(of: ObjectIdentifier?.self) { group in
      for _ in 0..<16 { group.addTask { tensor.storage.map { ObjectIdentifier($0) } } }
      return await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect(places.count == 1)
    #expect(tensor.elements(of: Float.self).allSatisfy { $0 == 3 })
  }
}
