extension Kernel {
  /// Every operator this plugin has, at the version of its meaning. README.md says what each refuses and why.
  static let all: [Kernel] = [
    Kernel("MatMul", since: 13) { node throws(KernelError) in try MatMul(node) },
    Kernel("Conv", since: 22) { node throws(KernelError) in try Convolution(node) },
  ]
}
