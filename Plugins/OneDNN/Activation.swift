import CDNNL

/// The function that a fused operator ends with, by the name that its attribute `activation` has.
enum Activation {
  /// nil for none. Relu is left to others: oneDNN's makes a number of NaN.
  static func algorithm(_ name: String) throws(KernelError) -> dnnl_alg_kind_t? {
    switch name {
    case "": nil
    case "Gelu": dnnl_eltwise_gelu_erf
    case "HardSwish": dnnl_eltwise_hardswish
    case "SiLU": dnnl_eltwise_swish
    case "Sigmoid": dnnl_eltwise_logistic
    case "Tanh": dnnl_eltwise_tanh
    default: throw .unsupported("activation \(name)")
    }
  }
}
