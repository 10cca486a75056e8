import CDNNL
import COneiroKernel
import COpenMP

/// What `prepare` makes of a node: a few primitives to execute in order, and the tensors they work on.
/// Immutable apart from its pool of slots, so several threads may run it at once, each in a workspace of its own.
final class Program: @unchecked Sendable {
  /// Where the bytes of a tensor are found in a run.
  enum Place {
    case input(Int)
    case output(Int)
    /// Bytes from the start of the workspace.
    case workspace(Int)
    case constant(UnsafeMutableRawPointer)
  }

  struct Tensor {
    let description: MemoryDescription
    var place: Place
    /// The constant input that the bytes at `place` are those of, or a part of; nil for others.
    var input: Int?
  }

  struct Step {
    let primitive: Primitive
    /// oneDNN's argument number, and which of the program's tensors it is.
    let arguments: [(number: Int32, tensor: Int)]
  }

  let tensors: [Tensor]
  /// The places of `tensors` by themselves: descriptions are large, and a run does not look at them.
  private let places: [Place]
  let steps: [Step]
  let workspaceByteCount: Int
  /// How many threads the primitives were made for. oneDNN wants them executed under the same setting.
  let threads: Int32
  private let packed: [AlignedMemory]
  private let slots = SlotPool()

  init(tensors: [Tensor], steps: [Step], workspaceByteCount: Int, threads: Int32, packed: [AlignedMemory]) {
    self.tensors = tensors
    self.places = tensors.map(\.place)
    self.steps = steps
    self.workspaceByteCount = workspaceByteCount
    self.threads = threads
    self.packed = packed
  }

  /// Whether a run reads the bytes of a constant input, and not only what they were packed to.
  func reads(input: Int) -> Bool {
    steps.contains { step in step.arguments.contains { tensors[$0.tensor].input == input } }
  }

  /// Makes the first slot, so that the first run need not.
  func warmUp() throws(KernelError) {
    let seat = slots.acquire()
    defer { slots.release(seat) }
    _ = try slots.slot(at: seat, for: self)
  }

  func run(
    inputs: UnsafePointer<oneiro_tensor>?, outputs: UnsafePointer<oneiro_tensor>?, workspace: UnsafeMutableRawPointer?
  ) throws(KernelError) {
    omp_set_num_threads(threads)
    let seat = slots.acquire()
    defer { slots.release(seat) }
    let slot = try slots.slot(at: seat, for: self)
    for (index, place) in places.enumerated() {
      let data: UnsafeMutableRawPointer? =
        switch place {
        case .input(let input): inputs?[input].data
        case .output(let output): outputs?[output].data
        case .workspace(let offset): workspace?.advanced(by: offset)
        case .constant(let pointer): pointer
        }
      guard let data else { throw .failed("a tensor came without data") }
      try slot.point(index, at: data)
    }
    try slot.execute()
  }
}
