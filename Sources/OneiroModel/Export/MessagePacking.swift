import COnnx
import OneiroGraph

/// Packs `message` piece by piece into `sink`, so that no second copy of the elements is made.
func packMessage<Message>(
  _ message: UnsafeMutablePointer<Message>, name: String, into sink: (UnsafeRawBufferPointer) throws(GraphError) -> Void
) throws(GraphError) {
  let base = UnsafeRawPointer(message).assumingMemoryBound(to: ProtobufCMessage.self)
  let byteCount = protobuf_c_message_get_packed_size(base)
  guard byteCount <= Int(Int32.max) else {
    throw .mismatch(
      file: name, nil, expected: "a message of up to \(Int32.max) bytes", found: "\(byteCount)",
      because: "protobuf allows no more; put the initializers into an external data file")
  }
  let failure = try withoutActuallyEscaping(sink) { (sink) throws(GraphError) -> GraphError? in
    let forward = SinkBuffer(sink)
    var buffer = PackingBuffer(
      base: ProtobufCBuffer { buffer, count, data in
        UnsafeMutableRawPointer(buffer!).assumingMemoryBound(to: PackingBuffer.self).pointee.sink.takeUnretainedValue()
          .append(UnsafeRawBufferPointer(start: data, count: count))
      }, sink: .passUnretained(forward))
    withUnsafeMutablePointer(to: &buffer) { pointer in
      _ = protobuf_c_message_pack_to_buffer(
        base, UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: ProtobufCBuffer.self))
    }
    return withExtendedLifetime(forward) { forward.failure }
  }
  if let failure { throw failure }
}

/// A protobuf-c buffer with our sink behind it; C only looks at the first field.
private struct PackingBuffer {
  var base: ProtobufCBuffer
  var sink: Unmanaged<SinkBuffer>
}

/// Passes bytes on until the sink fails, as C cannot carry an error.
private final class SinkBuffer {
  private let sink: (UnsafeRawBufferPointer) throws(GraphError) -> Void
  private(set) var failure: GraphError?

  init(_ sink: @escaping (UnsafeRawBufferPointer) throws(GraphError) -> Void) { self.sink = sink }

  func append(_ bytes: UnsafeRawBufferPointer) {
    guard failure == nil else { return }
    do { try sink(bytes) } catch { failure = error }
  }
}
