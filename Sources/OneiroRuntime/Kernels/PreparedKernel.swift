import COneiroKernel
import OneiroGraph

/// A kernel that has agreed to run one node with bound shapes, and is ready to. Immutable: any number of sessions share
/// it.
public protocol PreparedKernel: AnyObject, Sendable {
  /// The backend that it comes from: "onednn", "reference".
  var source: String { get }
  /// The instruction set it was built for, where it says; "" otherwise.
  var isa: String { get }
  /// Whether it rounds more than the operator's definition does, so that an element may hang on more than what it is
  /// defined by.
  var isApproximate: Bool { get }
  /// Scratch memory that a run needs.
  var workspaceByteCount: Int { get }
  /// Whether runs are given no data for constants that are kept narrow, as the kernel has packed them.
  var needsNoNarrowConstants: Bool { get }
  /// Which constant inputs the kernel has packed and does not read again: bit i is input i.
  var packedInputs: UInt64 { get }
  /// Whether output 0 may lie where an input of its shape and element type does.
  var mayOverwriteInput: Bool { get }
  /// The same of one of the inputs.
  func mayOverwriteInput(_ index: Int) -> Bool
  /// What one session needs of its own beside workspace, made once when the session is.
  /// - workspace: the memory that every run of that session will be given.
  func makeSessionState(workspace: UnsafeMutableRawPointer?) throws(RunError) -> AnyObject?
  /// Runs once. Kernel plugins allocate nothing here.
  func compute(_ call: borrowing StepCall) throws(RunError)
}

extension PreparedKernel {
  public var isa: String { "" }
  public var isApproximate: Bool { false }
  public var workspaceByteCount: Int { 0 }
  public var needsNoNarrowConstants: Bool { false }
  public var packedInputs: UInt64 { 0 }
  public var mayOverwriteInput: Bool { false }
  public func mayOverwriteInput(_ index: Int) -> Bool { mayOverwriteInput }
  public func makeSessionState(workspace: UnsafeMutableRawPointer?) throws(RunError) -> AnyObject? { nil }
}

/// What a kernel is given to run: tensors with data, scratch memory, and how wide it may go.
public struct StepCall: ~Copyable {
  public let inputs: UnsafeBufferPointer<oneiro_tensor>
  public let outputs: UnsafeBufferPointer<oneiro_tensor>
  public let workspace: UnsafeMutableRawPointer?
  public let threads: Int
  public let state: AnyObject?
  public let options: RunOptions
}

/// A look at the result of a sampling loop before it is done.
public struct Preview: Sendable {
  /// How many steps lie between two looks.
  public let every: Int
  /// Told the steps done, the steps in all, and what the result would be if the last prediction were right, in the
  /// result's shape.
  public let show: @Sendable (_ done: Int, _ total: Int, _ estimate: UnsafeBufferPointer<Float>) -> Void

  public init(every: Int, show: @escaping @Sendable (Int, Int, UnsafeBufferPointer<Float>) -> Void) {
    precondition(every >= 1)
    self.every = every
    self.show = show
  }
}

/// What a caller may ask of one run.
public struct RunOptions: Sendable {
  /// Looks at every floating-point value after the node that made it, and stops at the first that is not finite.
  public var checksFinite = false
  /// Told before the first step of a loop inside the graph and after each: the node's role, steps done, steps in all.
  public var progress: (@Sendable (_ role: String, _ done: Int, _ total: Int) -> Void)?
  /// Shown on the way what a sampling loop takes its result to be.
  public var preview: Preview?
  /// For operators that draw random numbers in a loop.
  public var seed: UInt64 = 0
  /// The number of the batch's first item: each item has random numbers of its own, whichever are in its batch.
  public var firstItem = 0
  /// Shown every value after the step that made it, also those of bodies, in every round of a loop.
  public var observe:
    (@Sendable (_ value: ExecutionPlan.Operand, _ step: ExecutionPlan.Step, UnsafeRawBufferPointer) -> Void)?
  /// Shown what a loop inside the graph runs its body on, in every round: the node's role, and the body's inputs by
  /// name.
  public var observeCalls: (@Sendable (_ role: String, _ inputs: [String: Tensor]) -> Void)?
  /// Takes the time of every step, also of those inside steps.
  public var profile: StepTimes?

  public init() {}
}
