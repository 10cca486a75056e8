import CDNNL

extension Kernel {
  /// Every operator of this plugin, at the version of its meaning. README.md says which ones are missing and why.
  static let all: [Kernel] = floats + (Engine.multipliesBytesExactly ? bytes : [])

  private static let floats: [Kernel] = [
    Kernel("MatMul", since: 13, readsNarrow: true) { node throws(KernelError) in try MatMul(node) },
    Kernel("Gemm", since: 13, readsNarrow: true) { node throws(KernelError) in try Gemm(node) },
    Kernel("FusedGemm", domain: "ai.oneiro", since: 1, readsNarrow: true) { node throws(KernelError) in try Gemm(node)
    },
    Kernel("Conv", since: 22, readsNarrow: true) { node throws(KernelError) in try Convolution(node) },
    Kernel("FusedConv", domain: "ai.oneiro", since: 1, readsNarrow: true) { node throws(KernelError) in
      try Convolution(node)
    },
    Kernel("ConvTranspose", since: 22, readsNarrow: true) { node throws(KernelError) in try ConvolutionTranspose(node)
    },
    Kernel("MaxPool", since: 22) { node throws(KernelError) in try Pooling(node, .max) },
    Kernel("AveragePool", since: 22) { node throws(KernelError) in try Pooling(node, .average) },
    Kernel("GlobalAveragePool", since: 22) { node throws(KernelError) in try GlobalAveragePool(node) },
    Kernel("BatchNormalization", since: 15) { node throws(KernelError) in try BatchNormalization(node) },
    Kernel("LayerNormalization", since: 17) { node throws(KernelError) in try LayerNormalization(node) },
    Kernel("InstanceNormalization", since: 22) { node throws(KernelError) in try InstanceNormalization(node) },
    Kernel("Softmax", since: 13, worksInPlace: true) { node throws(KernelError) in
      try Softmax(node, dnnl_softmax_accurate)
    },
    Kernel("LogSoftmax", since: 13, worksInPlace: true) { node throws(KernelError) in
      try Softmax(node, dnnl_softmax_log)
    },
    Kernel("Add", since: 14, worksInPlace: true) { node throws(KernelError) in try Binary(node, dnnl_binary_add) },
    Kernel("Sub", since: 14, worksInPlace: true) { node throws(KernelError) in try Binary(node, dnnl_binary_sub) },
    Kernel("Mul", since: 14, worksInPlace: true) { node throws(KernelError) in try Binary(node, dnnl_binary_mul) },
    Kernel("Div", since: 14, worksInPlace: true) { node throws(KernelError) in try Binary(node, dnnl_binary_div) },
    Kernel("Abs", since: 13, worksInPlace: true) { node throws(KernelError) in try Eltwise(node, dnnl_eltwise_abs) },
    Kernel("Sqrt", since: 13, worksInPlace: true) { node throws(KernelError) in try Eltwise(node, dnnl_eltwise_sqrt) },
    Kernel("Sigmoid", since: 13, worksInPlace: true) { node throws(KernelError) in
      try Eltwise(node, dnnl_eltwise_logistic)
    },
    Kernel("Tanh", since: 13, worksInPlace: true) { node throws(KernelError) in try Eltwise(node, dnnl_eltwise_tanh) },
    Kernel("Elu", since: 22, worksInPlace: true) { node throws(KernelError) in
      try Eltwise(node, dnnl_eltwise_elu, alpha: node.float("alpha", default: 1))
    },
    Kernel("HardSwish", since: 22, worksInPlace: true) { node throws(KernelError) in
      try Eltwise(node, dnnl_eltwise_hardswish)
    },
    Kernel("Gelu", since: 20, worksInPlace: true) { node throws(KernelError) in try Eltwise.gelu(node) },
    Kernel("SiLU", domain: "ai.oneiro", since: 1, worksInPlace: true) { node throws(KernelError) in
      try Eltwise(node, dnnl_eltwise_swish, alpha: 1)
    },
  ]

  /// Sums are exact, so their order does not matter.
  private static let bytes: [Kernel] = [
    Kernel(
      "QuantizedGemm", domain: "ai.oneiro", since: 1, elementTypes: ElementType.allCases,
      relativeTime: QuantizedGemm.relativeTime
    ) { node throws(KernelError) in try QuantizedGemm(node) },
    Kernel(
      "QuantizedConv", domain: "ai.oneiro", since: 1, elementTypes: ElementType.allCases,
      relativeTime: QuantizedConv.relativeTime
    ) { node throws(KernelError) in try QuantizedConv(node) },
    Kernel(
      "QuantizedGEGLU", domain: "ai.oneiro", since: 1, elementTypes: ElementType.allCases,
      relativeTime: QuantizedGEGLU.relativeTime
    ) { node throws(KernelError) in try QuantizedGEGLU(node) },
  ]
}
