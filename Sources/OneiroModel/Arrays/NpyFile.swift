import Foundation
import OneiroGraph

/// NumPy's array file, versions 1 to 3: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
///
///     "\x93NUMPY" major minor length header data
///     header: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
public enum NpyFile {
  /// An array that is little-endian and row-major is mapped, not read: what is looked at is brought in.
  public static func read(_ path: String) throws(GraphError) -> Tensor {
    let file = try MappedFile(path)
    return try read(0..<file.bytes.count, of: file, name: path)
  }

  /// Where the elements of a file lie, for readers that want some of them.
  package struct Place: Sendable {
    package let type: ElementType
    package let dims: [Int]
    package let isBigEndian: Bool
    /// Whether the first index, and not the last, runs fastest.
    package let isColumnMajor: Bool
    /// The byte of the first element.
    package let start: Int
  }

  package static func place(in file: MappedFile) throws(GraphError) -> Place {
    try file.withBytes { (bytes) throws(GraphError) in
      let (header, data) = try locate(bytes, name: file.path)
      return Place(
        type: header.type, dims: header.dims, isBigEndian: header.isBigEndian, isColumnMajor: header.isColumnMajor,
        start: data.lowerBound)
    }
  }

  /// The same from a part of a file.
  static func read(_ range: Range<Int>, of file: MappedFile, name: String) throws(GraphError) -> Tensor {
    try file.withBytes { (bytes) throws(GraphError) in
      let bytes = UnsafeRawBufferPointer(rebasing: bytes[range])
      let (header, data) = try locate(bytes, name: name)
      let (isPlain, type) = (!header.isBigEndian && !header.isColumnMajor, header.type)
      guard isPlain, type != .bool else { return try parse(bytes, name: name) }
      let place = range.lowerBound + data.lowerBound..<range.lowerBound + data.upperBound
      return Tensor(type, dims: header.dims, storage: file.storage(place, alignment: type.bitWidth / 8))
    }
  }

  /// - name: what errors call the bytes.
  public static func parse(_ bytes: UnsafeRawBufferPointer, name: String) throws(GraphError) -> Tensor {
    let (header, data) = try locate(bytes, name: name)
    let source = UnsafeRawBufferPointer(rebasing: bytes[data])
    let count = source.count * 8 / header.type.bitWidth
    let width = header.type.bitWidth / 8, unit = header.type.isComplex ? width / 2 : width
    let order = header.isColumnMajor && count > 0 ? rowMajorOrder(header.dims) : nil
    let storage = ByteStorage(byteCount: source.count) { memory in
      if order == nil && !header.isBigEndian {
        memory.copyMemory(from: source)
        return
      }
      for index in 0..<count {
        let from = (order?[index] ?? index) * width
        for byte in 0..<width {
          memory[index * width + byte] =
            source[from + (header.isBigEndian ? byte / unit * unit + unit - 1 - byte % unit : byte)]
        }
      }
    }
    return Tensor(header.type, dims: header.dims, storage: storage).withBoolsNormalised()
  }

  /// What the header says, and where the elements are.
  private static func locate(
    _ bytes: UnsafeRawBufferPointer, name: String
  ) throws(GraphError) -> (NpyHeader, Range<Int>) {
    guard bytes.count >= 10, bytes.starts(with: magic) else {
      throw .mismatch(
        file: name, nil, expected: "an npy file", found: "\(bytes.count) bytes that do not begin like one")
    }
    let version = bytes[6]
    guard (1...3).contains(version), bytes.count >= (version == 1 ? 10 : 12) else {
      throw .mismatch(file: name, "npy version", expected: "1 to 3", found: "\(version)")
    }
    let start = version == 1 ? 10 : 12
    let length = (8..<start).reversed().reduce(0) { $0 << 8 | Int(bytes[$1]) }
    guard length <= bytes.count - start else {
      throw .mismatch(file: name, "npy header", expected: "\(length) bytes", found: "\(bytes.count - start)")
    }
    let header = try NpyHeader(String(decoding: bytes[start..<start + length], as: UTF8.self), name: name)
    guard let count = Tensor.elementCount(header.dims), let byteCount = header.type.byteCount(of: count) else {
      throw .mismatch(
        file: name, "npy shape", expected: "extents whose product can be counted", found: "\(header.dims)")
    }
    let there = bytes.count - start - length
    guard there >= byteCount else {
      throw .mismatch(
        file: name, "npy data", expected: "\(byteCount) bytes", found: "\(there)",
        because: "the shape is \(header.type.name)\(header.dims)")
    }
    return (header, start + length..<start + length + byteCount)
  }

  /// Writes version 1, little-endian, row-major. NumPy has no type for bfloat16 and narrower floats and integers: those
  /// are written as float32 and int8, uint8.
  public static func write(_ tensor: Tensor, to path: String) throws(GraphError) {
    try AtomicFile.write(try bytes(of: tensor), to: path)
  }

  public static func bytes(of tensor: Tensor) throws(GraphError) -> [UInt8] {
    let tensor = plain(tensor)
    guard let code = NpyHeader.codes.first(where: { $0.type == tensor.elementType })?.code else {
      throw .mismatch("npy file", expected: "a tensor of numbers", found: "one of \(tensor.elementType.name)")
    }
    let byteOrder = tensor.elementType.bitWidth == 8 ? "|" : "<"
    let shape = tensor.dims.map { "\($0)," }.joined(separator: " ")
    let tuple = tensor.rank == 1 ? "(\(shape))" : "(\(shape.dropLast()))"
    var header = "{'descr': '\(byteOrder)\(code)', 'fortran_order': False, 'shape': \(tuple), }"
    // NumPy ends the header with a newline, at a multiple of 64 bytes, so that the data can be mapped.
    header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
    guard header.utf8.count <= Int(UInt16.max) else {
      throw .mismatch("npy file", expected: "a header of up to 65535 bytes", found: "\(header.utf8.count)")
    }
    let length = UInt16(header.utf8.count)
    let data = withExtendedLifetime(tensor) { Array(tensor.bytes) }
    return magic + [1, 0, UInt8(length & 255), UInt8(length >> 8)] + Array(header.utf8) + data
  }

  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  private static func plain(_ tensor: Tensor) -> Tensor {
    let type = tensor.elementType
    if ElementTypeSet.narrow.contains(type) {
      return Tensor(type.isSignedInteger ? .int8 : .uint8, int64s: tensor.int64s(), dims: tensor.dims)
    }
    if type == .bfloat16 || MiniFloatFormat.of(type) != nil {
      return Tensor(.float32, doubles: tensor.doubles(), dims: tensor.dims)
    }
    return tensor
  }

  /// For each element in row-major order, where a column-major array keeps it.
  private static func rowMajorOrder(_ dims: [Int]) -> [Int] {
    var strides: [Int] = [], stride = 1
    for extent in dims {
      strides.append(stride)
      stride *= extent
    }
    var order = [0]
    for (extent, stride) in zip(dims, strides) {
      order = order.flatMap { base in (0..<extent).map { base + $0 * stride } }
    }
    return order
  }
}

/// The header of an npy file: a Python dictionary of three entries, as NumPy prints it.
struct NpyHeader {
  let type: ElementType
  let isBigEndian: Bool
  let isColumnMajor: Bool
  let dims: [Int]

  /// NumPy's codes without the byte order.
  static let codes: [(code: String, type: ElementType)] = [
    ("f4", .float32), ("f8", .float64), ("f2", .float16), ("i1", .int8), ("i2", .int16), ("i4", .int32), ("i8", .int64),
    ("u1", .uint8), ("u2", .uint16), ("u4", .uint32), ("u8", .uint64), ("b1", .bool), ("c8", .complex64),
    ("c16", .complex128),
  ]

  init(_ text: String, name: String) throws(GraphError) {
    func value(_ key: String) throws(GraphError) -> Substring {
      guard let found = text.range(of: "'\(key)':") else {
        throw .mismatch(file: name, "npy header", expected: "an entry '\(key)'", found: "\"\(text.prefix(100))\"")
      }
      return text[found.upperBound...].drop { $0 == " " }
    }
    let descr = try value("descr")
    guard descr.hasPrefix("'") else {
      throw .invalid(file: name, "npy header", "describes a structured array, which has no tensor")
    }
    let code = descr.dropFirst().prefix { $0 != "'" }
    guard let order = code.first, "<>|=".contains(order),
      let type = Self.codes.first(where: { $0.code == code.dropFirst() })?.type
    else {
      let known = Self.codes.map(\.code).joined(separator: ", ")
      throw .mismatch(
        file: name, "npy dtype", expected: "a byte order and one of \(known)", found: "\"\(code.prefix(40))\"")
    }
    self.type = type
    isBigEndian = order == ">"
    isColumnMajor = try value("fortran_order").hasPrefix("True")
    let shape = try value("shape")
    guard shape.hasPrefix("("), let end = shape.firstIndex(of: ")") else {
      throw .mismatch(file: name, "npy shape", expected: "a tuple", found: "\"\(shape.prefix(40))\"")
    }
    var dims: [Int] = []
    for part in shape[shape.index(after: shape.startIndex)..<end].split(separator: ",") {
      let digits = part.filter { $0 != " " && $0 != "L" }
      if digits.isEmpty { continue }
      guard let extent = Int(digits), extent >= 0 else {
        throw .mismatch(file: name, "npy shape", expected: "extents from 0 up", found: "\"\(part.prefix(40))\"")
      }
      dims.append(extent)
    }
    self.dims = dims
  }
}
