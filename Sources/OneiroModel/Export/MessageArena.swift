import COnnx
import OneiroGraph

/// The memory of messages that are being built; all of it goes with the arena. Tensors' elements are not copied into
/// it: messages point to them, so the model lives as long as the arena does.
final class MessageArena {
  private var blocks: [UnsafeMutableRawPointer] = []

  deinit { for block in blocks { block.deallocate() } }

  private func allocate<Element>(_: Element.Type, count: Int) -> UnsafeMutablePointer<Element> {
    let memory = UnsafeMutablePointer<Element>.allocate(capacity: max(count, 1))
    blocks.append(UnsafeMutableRawPointer(memory))
    return memory
  }

  /// A message with all fields absent.
  func make<Message>(_ initialize: (UnsafeMutablePointer<Message>?) -> Void) -> UnsafeMutablePointer<Message> {
    let message = allocate(Message.self, count: 1)
    initialize(message)
    return message
  }

  /// The elements of a repeated field.
  func list<Element>(_ elements: [Element]) -> UnsafeMutablePointer<Element>? {
    guard !elements.isEmpty else { return nil }
    let memory = allocate(Element.self, count: elements.count)
    memory.initialize(from: elements, count: elements.count)
    return memory
  }

  func references<Message>(_ messages: [UnsafeMutablePointer<Message>]) -> UnsafeMutablePointer<
    UnsafeMutablePointer<Message>?
  >? {
    list(messages.map(Optional.some))
  }

  func text(_ text: String) -> UnsafeMutablePointer<CChar>? { list(Array(text.utf8CString)) }

  /// A field that is left out when it is empty.
  func optionalText(_ string: String) -> UnsafeMutablePointer<CChar>? { string.isEmpty ? nil : text(string) }

  func texts(_ strings: [String]) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? { list(strings.map(text)) }

  func bytes(_ bytes: [UInt8]) -> ProtobufCBinaryData { ProtobufCBinaryData(len: bytes.count, data: list(bytes)) }

  /// Pairs in the order of their keys, so that the same model gives the same bytes.
  func entries(_ pairs: [String: String]) -> UnsafeMutablePointer<UnsafeMutablePointer<Onnx__StringStringEntryProto>?>?
  {
    entries(pairs.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
  }

  func entries(_ pairs: [(String, String)]) -> UnsafeMutablePointer<
    UnsafeMutablePointer<Onnx__StringStringEntryProto>?
  >? {
    references(
      pairs.map { key, value in
        let entry = make(onnx__string_string_entry_proto__init)
        entry.pointee.key = text(key)
        entry.pointee.value = text(value)
        return entry
      })
  }
}
