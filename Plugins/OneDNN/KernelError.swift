import CDNNL
import COneiroKernel

/// Why a node is not run: a status of the kernel ABI and a sentence for people.
struct KernelError: Error {
  let status: Int32
  let sentence: String

  /// An ordinary no, given before anything was prepared.
  static func unsupported(_ sentence: String) -> KernelError {
    KernelError(status: Int32(ONEIRO_UNSUPPORTED), sentence: sentence)
  }

  static func failed(_ sentence: String) -> KernelError {
    KernelError(status: Int32(ONEIRO_FAILED), sentence: "oneDNN: " + sentence)
  }

  static func outOfMemory(byteCount: Int) -> KernelError {
    KernelError(status: Int32(ONEIRO_OUT_OF_MEMORY), sentence: "oneDNN: no memory for \(byteCount) bytes")
  }
}

/// Throws unless oneDNN says that `action` went well.
func check(_ status: dnnl_status_t, _ action: @autoclosure () -> String) throws(KernelError) {
  guard status != dnnl_success else { return }
  if status == dnnl_out_of_memory {
    throw KernelError(status: Int32(ONEIRO_OUT_OF_MEMORY), sentence: "oneDNN: out of memory in \(action())")
  }
  throw .failed("\(action()): \(word(for: status))")
}

private func word(for status: dnnl_status_t) -> String {
  switch status {
  case dnnl_invalid_arguments: "invalid arguments"
  case dnnl_unimplemented: "not implemented"
  case dnnl_runtime_error: "run-time error"
  case dnnl_not_required: "not required"
  default: "status \(status.rawValue)"
  }
}
