/* Conv and FusedConv of floats that are split into bfloat16, by pixels.h. */
#ifndef VECTOR_SPLIT_CONV_H
#define VECTOR_SPLIT_CONV_H

#include "convolution.h"

#pragma GCC visibility push(hidden)

/* For any Conv or FusedConv. */
int32_t vector_split_conv_supports(const oneiro_node *node, oneiro_text *why);
int32_t vector_split_conv_prepare(oneiro_call *call);
int32_t vector_split_conv_compute(const oneiro_call *call);
double vector_split_conv_relative_time(const oneiro_node *node, int32_t threads);

/* For a FusedConv whose kernel should be this one, whatever else there is for Conv. */
int32_t vector_split_conv_supports_fused(const oneiro_node *node, oneiro_text *why);

#pragma GCC visibility pop
#endif
