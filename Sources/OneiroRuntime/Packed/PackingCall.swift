import COneiroKernel
import OneiroGraph

/// Packed weights, and how those that are found come into memory.
struct PackedAccess {
  let weights: PackedWeights
  /// As pages of their file, which come and go; else they are read.
  let isMapped: Bool
  /// Whether a kernel is prepared to run at once, so that all pages are going to be read.
  var isRun = false
}

/// What a kernel asks the host for while it prepares a node: memory for what it packs, filled where that is known.
final class PackingCall {
  private let weights: PackedWeights
  private let isMapped, isRun: Bool
  private let kernel: PluginKernel
  private let node: BoundNode
  private let threads: Int
  /// Made when the kernel first asks: most pack nothing.
  private lazy var key = PackedKey(kernel, node, threads: threads)
  private var pieces: [(key: PackedKey, memory: PackedMemory)] = []
  private var askedCount = 0
  /// Why the kernel is not to run: with what it has found there is no room to pack anew.
  private(set) var damage: GraphError?

  init(_ access: PackedAccess, _ kernel: PluginKernel, _ node: BoundNode, threads: Int) {
    (weights, isMapped, isRun) = (access.weights, access.isMapped, access.isRun)
    (self.kernel, self.node, self.threads) = (kernel, node, threads)
  }

  /// What the kernel has been given, to be kept as long as what it has prepared.
  var memories: [PackedMemory] { pieces.map(\.memory) }

  /// Lets a kernel ask.
  func offer(to call: inout oneiro_call) {
    call.packed_context = Unmanaged.passUnretained(self).toOpaque()
    call.packed_memory = { context, what, byteCount, isFilled in
      guard let context, let isFilled else { return nil }
      isFilled.pointee = 0
      let call = Unmanaged<PackingCall>.fromOpaque(context).takeUnretainedValue()
      guard let memory = call.memory(what.map { String(cString: $0) } ?? "", byteCount) else { return nil }
      isFilled.pointee = memory.isFilled ? 1 : 0
      return memory.base
    }
  }

  private func memory(_ what: String, _ byteCount: Int) -> PackedMemory? {
    let index = askedCount
    askedCount += 1
    guard byteCount >= weights.smallestByteCount, byteCount <= PhysicalMemory.byteCount, let key else { return nil }
    let piece = key.piece(index, what: what, byteCount: byteCount)
    let found = found(piece, byteCount)
    // Where nothing can be kept, the kernel's own memory is as good.
    guard let memory = found ?? (weights.keeps(piece) ? PackedMemory(byteCount: byteCount) : nil) else { return nil }
    pieces.append((piece, memory))
    return memory
  }

  private func found(_ piece: PackedKey, _ byteCount: Int) -> PackedMemory? {
    guard let part = weights.find(piece, byteCount: byteCount) else { return nil }
    guard isMapped else {
      do throws(PackedMemory.Damage) { return try PackedMemory(reading: part, threads: threads) } catch {
        weights.packAnew(piece, part)
        return nil
      }
    }
    let memory = PackedMemory(mapping: part)
    if isRun, let memory, !weights.isChecked(piece) {
      if memory.isIntact(threads: threads) {
        weights.noteChecked(piece)
      } else {
        damage = weights.giveUp(part)
      }
    }
    return memory
  }

  /// Keeps what the kernel has packed, when it has.
  func keep() {
    for piece in pieces where !piece.memory.isFilled { weights.keep(piece.memory.bytes, as: piece.key) }
  }
}
