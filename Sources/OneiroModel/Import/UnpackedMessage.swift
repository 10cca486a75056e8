import COnnx
import Glibc
import OneiroGraph

/// Unpacks `bytes` as one message of type `Message`, shows it to `body`, and frees it.
/// - name: the file's name, for errors.
/// - initialize: the message's generated init function, which is where its descriptor is known.
func withUnpackedMessage<Message, Result>(
  _ bytes: UnsafeRawBufferPointer, name: String, _ initialize: (UnsafeMutablePointer<Message>?) -> Void,
  _ body: (UnsafeMutablePointer<Message>) throws(GraphError) -> Result
) throws(GraphError) -> Result {
  let descriptor = descriptor(initialize)
  guard !bytes.isEmpty, let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else {
    throw .mismatch(
      file: name, nil, expected: "a protobuf \(text(descriptor.pointee.short_name))", found: "an empty file")
  }
  let scan = onnx_scan_depth(descriptor, start, bytes.count)
  guard scan.status == ONNX_SCAN_OK else {
    let expected = text(descriptor.pointee.short_name), message = text(scan.message)
    let place = scan.field.map { "\(message).\(text($0))" } ?? message
    // What lies inside of a message is looked at when all of the message is there.
    let isCutOff = scan.status == ONNX_SCAN_TRUNCATED && message == expected
    throw .mismatch(
      file: name, nil, expected: "a protobuf \(expected)",
      found: isCutOff
        ? "\(bytes.count) bytes that end in the middle of \(place), which begins at byte \(scan.offset): "
          + "the file is cut off, or is none"
        : "bytes that are none: \(text(onnx_scan_reason(scan.status))) (\(place), byte \(scan.offset) of \(bytes.count))"
    )
  }
  var allocator = ProtobufCAllocator(alloc: { allocate($1) }, free: { free($1) }, allocator_data: nil)
  guard let unpacked = protobuf_c_message_unpack(descriptor, &allocator, bytes.count, start) else {
    throw .invalid(file: name, nil, "cannot be unpacked: out of memory")
  }
  defer { protobuf_c_message_free_unpacked(unpacked, &allocator) }
  return try body(UnsafeMutableRawPointer(unpacked).assumingMemoryBound(to: Message.self))
}

/// Memory in which a tensor's elements can stay: aligned as `ByteStorage` aligns, when it is long enough to matter.
private func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer? {
  guard byteCount >= ByteStorage.alignment else { return malloc(byteCount) }
  var memory: UnsafeMutableRawPointer?
  return posix_memalign(&memory, ByteStorage.alignment, byteCount) == 0 ? memory : nil
}

private func descriptor<Message>(
  _ initialize: (UnsafeMutablePointer<Message>?) -> Void
) -> UnsafePointer<ProtobufCMessageDescriptor> {
  let message = UnsafeMutablePointer<Message>.allocate(capacity: 1)
  defer { message.deallocate() }
  initialize(message)
  // Every generated message begins with its ProtobufCMessage.
  return UnsafeRawPointer(message).assumingMemoryBound(to: ProtobufCMessage.self).pointee.descriptor
}

private func text(_ string: UnsafePointer<CChar>) -> String { String(cString: string) }

/// Takes a long bytes field out of its message, so that unpacking has made the only copy; a short one is copied.
func takeStorage(_ field: inout ProtobufCBinaryData) -> ByteStorage {
  guard field.len >= ByteStorage.alignment, let data = field.data else {
    let bytes = UnsafeRawBufferPointer(start: field.data, count: field.len)
    return ByteStorage(byteCount: bytes.count) { $0.copyMemory(from: bytes) }
  }
  let owner = UnpackedBytes(data)
  defer { field = ProtobufCBinaryData(len: 0, data: nil) }
  return ByteStorage(borrowing: UnsafeRawPointer(data), byteCount: field.len, from: owner)
}

/// Owns what `allocate` returned.
private final class UnpackedBytes {
  private let memory: UnsafeMutableRawPointer
  init(_ memory: UnsafeMutablePointer<UInt8>) { self.memory = UnsafeMutableRawPointer(memory) }
  deinit { free(memory) }
}

/// The elements of a repeated message field.
func messages<Message>(
  _ count: Int, _ pointers: UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?
) -> [UnsafeMutablePointer<Message>] {
  UnsafeBufferPointer(start: pointers, count: count).compactMap { $0 }
}

/// The elements of a repeated number field, in place.
func numbers<Number>(_ count: Int, _ pointer: UnsafeMutablePointer<Number>?) -> UnsafeBufferPointer<Number> {
  UnsafeBufferPointer(start: pointer, count: count)
}

func bytes(of field: ProtobufCBinaryData) -> [UInt8] { Array(UnsafeBufferPointer(start: field.data, count: field.len)) }
