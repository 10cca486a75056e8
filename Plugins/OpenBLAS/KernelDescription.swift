import COneiroKernel

/// Why a kernel declines a node: one sentence, for `oneiro kernels` and the placement summary.
struct Refusal: Error {
  let reason: String
  init(_ reason: String) { self.reason = reason }
}

/// What a kernel works out about a node before it runs: shapes checked, strides and sizes known. A node is supported
/// exactly when its plan can be made, so the two can never disagree.
protocol KernelPlan {
  init(_ node: oneiro_node) throws(Refusal)
  /// Scratch memory for a run on `threads` threads, in bytes.
  func workspaceByteCount(threads: Int) -> Int
  func run(_ call: oneiro_call, on backend: Backend)
}

extension KernelPlan {
  func workspaceByteCount(threads: Int) -> Int { 0 }

  static func supports(_ node: UnsafePointer<oneiro_node>?, _ why: UnsafeMutablePointer<oneiro_text>?) -> Int32 {
    do throws(Refusal) {
      _ = try Self(node!.pointee)
      return Int32(ONEIRO_OK)
    } catch {
      return oneiro_say(why, Int32(ONEIRO_UNSUPPORTED), error.reason)
    }
  }

  static func prepare(_ call: UnsafeMutablePointer<oneiro_call>?, _ backend: Backend) -> Int32 {
    let call = call!
    do throws(Refusal) {
      let plan = try Self(call.pointee.node.pointee)
      call.pointee.state = Unmanaged.passRetained(PreparedNode(plan, backend)).toOpaque()
      call.pointee.workspace_byte_count = plan.workspaceByteCount(threads: Int(call.pointee.threads))
      return Int32(ONEIRO_OK)
    } catch {
      return oneiro_say(call.pointee.why, Int32(ONEIRO_FAILED), error.reason)
    }
  }

  static func compute(_ call: UnsafePointer<oneiro_call>?) -> Int32 {
    let call = call!.pointee
    let node = Unmanaged<PreparedNode<Self>>.fromOpaque(call.state).takeUnretainedValue()
    node.plan.run(call, on: node.backend)
    return Int32(ONEIRO_OK)
  }
}

/// What `prepare` leaves for `compute`. Immutable, so that any number of threads may run one node at once; the host
/// holds it as an opaque pointer until `release`.
final class PreparedNode<Plan: KernelPlan> {
  let plan: Plan
  let backend: Backend

  init(_ plan: Plan, _ backend: Backend) {
    self.plan = plan
    self.backend = backend
  }
}

/// Every kernel's `release`: whichever plan it is, it is one retained object.
func releasePreparedNode(_ state: UnsafeMutableRawPointer?) {
  if let state { Unmanaged<AnyObject>.fromOpaque(state).release() }
}
