#include "families.h"

static const vector_family *const families[] = {
    &vector_elementwise_unary,
    &vector_elementwise_binary,
    &vector_softmax,
    &vector_movement_strided,
    &vector_movement_join,
    &vector_movement_gather,
    &vector_movement_pad,
    &vector_movement_where,
    &vector_cast,
    &vector_matmul,
    &vector_gemm,
    &vector_attention,
    &vector_attention_short,
    &vector_attention_narrow,
    &vector_geglu,
    &vector_conv,
    &vector_upsampled_conv,
    &vector_quantized_gemm,
    &vector_quantized_geglu,
    &vector_quantized_conv,
    &vector_quantized_upsampled,
    &vector_weight_gemm,
    &vector_weight_conv,
    &vector_quantized_small_planes,
    &vector_quantized_winograd,
    &vector_quantize_linear,
    &vector_conv_transpose,
    &vector_normalization_rows,
    &vector_normalization_channels,
    &vector_normalization_lp,
    &vector_reduction,
    &vector_argmax,
    &vector_pool,
    &vector_resize,
    &vector_recurrent,
};

int32_t oneiro_plugin_register(const oneiro_host *host) {
  if (host->abi_version != ONEIRO_KERNEL_ABI) return ONEIRO_ABI_MISMATCH;
  vector_use_host(host);
  char sentence[160];
  vector_pick_isa(sentence, sizeof sentence);
  host->describe(host->context, sentence);
  for (size_t f = 0; f < sizeof families / sizeof families[0]; f++) {
    for (size_t k = 0; k < families[f]->count; k++) {
      const vector_kernel *from = &families[f]->kernels[k];
      if (from->splits && vector_picked->time_of_split == 0) continue;
      if (from->pairs && !vector_picked->product[VECTOR_PAIRS].multiply_to_end) continue;
      oneiro_kernel kernel = {.struct_size = sizeof kernel,
                              .since_version = from->since_version,
                              .until_version = 0,
                              .op_type = from->op_type,
                              .domain = from->domain ? from->domain : "",
                              .isa = vector_picked->isa,
                              .supports = from->supports,
                              .prepare = from->prepare,
                              .compute = from->compute,
                              .release = from->release,
                              .flags = from->flags,
                              .relative_time = from->relative_time,
                              .method = from->method};
      int32_t status = host->add_kernel(host->context, &kernel);
      if (status) return status;
    }
  }
  return ONEIRO_OK;
}
