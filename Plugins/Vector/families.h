/* Every family of kernels; `register.c` adds them in this order. */
#ifndef VECTOR_FAMILIES_H
#define VECTOR_FAMILIES_H

#include "plugin.h"

#pragma GCC visibility push(hidden)

extern const vector_family vector_elementwise_unary;
extern const vector_family vector_elementwise_binary;
extern const vector_family vector_softmax;
extern const vector_family vector_movement_strided;
extern const vector_family vector_movement_join;
extern const vector_family vector_movement_gather;
extern const vector_family vector_movement_pad;
extern const vector_family vector_movement_where;
extern const vector_family vector_cast;
extern const vector_family vector_matmul;
extern const vector_family vector_gemm;
extern const vector_family vector_attention;
extern const vector_family vector_attention_short;
extern const vector_family vector_attention_narrow;
extern const vector_family vector_geglu;
extern const vector_family vector_conv;
extern const vector_family vector_upsampled_conv;
extern const vector_family vector_quantized_gemm;
extern const vector_family vector_quantized_conv;
extern const vector_family vector_quantized_upsampled;
extern const vector_family vector_weight_gemm;
extern const vector_family vector_weight_conv;
extern const vector_family vector_quantized_small_planes;
extern const vector_family vector_quantized_winograd;
extern const vector_family vector_quantized_geglu;
extern const vector_family vector_quantize_linear;
extern const vector_family vector_conv_transpose;
extern const vector_family vector_normalization_rows;
extern const vector_family vector_normalization_channels;
extern const vector_family vector_normalization_lp;
extern const vector_family vector_reduction;
extern const vector_family vector_argmax;
extern const vector_family vector_pool;
extern const vector_family vector_resize;
extern const vector_family vector_recurrent;

#pragma GCC visibility pop
#endif
