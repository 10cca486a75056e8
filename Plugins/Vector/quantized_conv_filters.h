/* Filters of a convolution of bytes, for a product with an image whose pixels have four channels side by side. */
#ifndef VECTOR_QUANTIZED_CONV_FILTERS_H
#define VECTOR_QUANTIZED_CONV_FILTERS_H

#include "convolution.h"
#include "quantized.h"

#pragma GCC visibility push(hidden)

/* Packs filters [group, out channel, in channel, tap] by the convolution's plan, and adds each of them up. */
void vector_pack_filters_of_bytes(oneiro_call *call, const vector_convolution *convolution, const int8_t *filters,
                                  float *packed, int32_t *sums);

#pragma GCC visibility pop
#endif
