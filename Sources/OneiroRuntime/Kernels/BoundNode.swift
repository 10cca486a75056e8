import COneiroKernel
import Glibc
import OneiroGraph
import OneiroOps

/// One node as the C ABI shows it, in memory that stays where it is: names, bound shapes, attributes, constants.
final class BoundNode: @unchecked Sendable {
  // Sendable: written by the initializer alone.
  let pointer: UnsafePointer<oneiro_node>
  private var blocks: [UnsafeMutableRawPointer] = []
  /// Keeps the memory of constants alive.
  let constants: [Tensor?]
  private let showsNarrow: Bool

  /// - inputs, outputs: `nil` for a value that is left out.
  /// - constants: one for each input, where its value is known.
  /// - showsNarrow: narrow constants appear as they are kept; else they are widened.
  init(
    _ node: Node, schema: OpSchema, inputs: [TensorType?], outputs: [TensorType?], constants: [Tensor?],
    showsNarrow: Bool
  ) {
    self.constants = constants
    self.showsNarrow = showsNarrow
    var blocks: [UnsafeMutableRawPointer] = []
    func allocate<T>(_: T.Type, _ elements: [T]) -> UnsafeMutablePointer<T> {
      let memory = UnsafeMutablePointer<T>.allocate(capacity: max(elements.count, 1))
      memory.initialize(from: elements, count: elements.count)
      blocks.append(UnsafeMutableRawPointer(memory))
      return memory
    }
    func text(_ string: String) -> UnsafePointer<CChar> {
      UnsafePointer(allocate(CChar.self, Array(string.utf8CString)))
    }
    func tensor(_ type: TensorType?, _ constant: Tensor?) -> oneiro_tensor {
      var tensor = oneiro_tensor()
      tensor.struct_size = UInt32(MemoryLayout<oneiro_tensor>.size)
      guard let type, let dims = type.dims else { return tensor }
      tensor.element_type = type.elementType.rawValue
      tensor.rank = Int32(dims.count)
      tensor.layout = UInt32(ONEIRO_LAYOUT_PLAIN)
      tensor.dims = UnsafePointer(allocate(Int64.self, dims.map(Int64.init)))
      tensor.byte_count = Tensor.elementCount(dims).flatMap(type.elementType.byteCount) ?? 0
      let storage = Self.storage(constant, showsNarrow: showsNarrow)
      tensor.data = storage.map { UnsafeMutableRawPointer(mutating: $0.base) }
      return tensor
    }
    func attribute(_ name: String, _ value: Attribute) -> oneiro_attribute? {
      var result = oneiro_attribute()
      result.struct_size = UInt32(MemoryLayout<oneiro_attribute>.size)
      result.kind = value.kind.rawValue
      result.count = 1
      switch value {
      case .int(let int): result.ints = UnsafePointer(allocate(Int64.self, [int]))
      case .float(let float): result.floats = UnsafePointer(allocate(Float.self, [float]))
      case .ints(let ints): (result.ints, result.count) = (UnsafePointer(allocate(Int64.self, ints)), ints.count)
      case .floats(let floats):
        (result.floats, result.count) = (UnsafePointer(allocate(Float.self, floats)), floats.count)
      case .string(let bytes):
        result.string = UnsafePointer(allocate(CChar.self, bytes.map(CChar.init(bitPattern:)) + [0]))
        result.count = bytes.count
      case .strings(let strings):
        let characters = strings.flatMap { (bytes) -> [CChar] in bytes.map(CChar.init(bitPattern:)) + [0] }
        (result.string, result.count) = (UnsafePointer(allocate(CChar.self, characters)), strings.count)
      default: return nil
      }
      result.name = text(name)
      return result
    }
    let attributes = NodeAttributes(node, schema: schema).all.compactMap { attribute($0.name, $0.value) }
    var result = oneiro_node()
    result.struct_size = UInt32(MemoryLayout<oneiro_node>.size)
    result.since_version = Int32(schema.since)
    result.name = text(node.label)
    result.op_type = text(node.opType)
    result.domain = text(node.domain)
    result.input_count = inputs.count
    result.output_count = outputs.count
    result.attribute_count = attributes.count
    result.inputs = UnsafePointer(
      allocate(oneiro_tensor.self, inputs.indices.map { tensor(inputs[$0], constants[$0]) }))
    result.outputs = UnsafePointer(allocate(oneiro_tensor.self, outputs.map { tensor($0, nil) }))
    if showsNarrow {
      let storage = constants.map { $0.map { $0.isNarrow ? $0.asStored.elementType.rawValue : 0 } ?? 0 }
      result.input_storage = UnsafePointer(allocate(Int32.self, storage))
    }
    result.attributes = UnsafePointer(allocate(oneiro_attribute.self, attributes))
    pointer = UnsafePointer(allocate(oneiro_node.self, [result]))
    self.blocks = blocks
  }

  /// The memory of a constant as the node shows it.
  private static func storage(_ constant: Tensor?, showsNarrow: Bool) -> ByteStorage? {
    showsNarrow ? constant?.stored?.storage : constant?.storage
  }

  /// Constants that were set aside are to be read again.
  func bringBack() {
    for constant in constants { _ = Self.storage(constant, showsNarrow: showsNarrow)?.base }
  }

  /// - inputs: bit i for an input whose constant will not be read for now.
  /// - withNeighbourhood: also what may have come into memory around it.
  func setAside(_ inputs: UInt64, withNeighbourhood: Bool = false) {
    for (index, constant) in constants.prefix(64).enumerated() where inputs >> UInt64(index) & 1 == 1 {
      constant?.stored?.storage.setAside(withNeighbourhood: withNeighbourhood)
    }
  }

  /// Of constants as they are kept.
  var constantByteCount: Int { constants.reduce(0) { $0 + ($1?.storedByteCount ?? 0) } }

  deinit { for block in blocks { free(block) } }

  /// Whether every value is of a kind that the ABI can carry: plain memory of whole bytes, or constants of four bits.
  static func canCross(inputs: [TensorType?], constants: [Tensor?], outputs: [TensorType?]) -> Bool {
    let isWhole = { (type: TensorType?) in type.map { oneiro_element_size($0.elementType.rawValue) > 0 } ?? true }
    return outputs.allSatisfy(isWhole)
      && zip(inputs, constants).allSatisfy { isWhole($0) || ($1 != nil && isOfFourBits($0)) }
  }

  static func isOfFourBits(_ type: TensorType?) -> Bool { type?.elementType == .int4 || type?.elementType == .uint4 }
}

extension oneiro_tensor {
  var dimsArray: [Int] { (0..<Int(rank)).map { Int(dims[$0]) } }
}
