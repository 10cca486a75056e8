/* Filters of bytes for pixels.h. */
#ifndef VECTOR_QUANTIZED_PIXELS_H
#define VECTOR_QUANTIZED_PIXELS_H

#include "pixels.h"
#include "quantized.h"

#pragma GCC visibility push(hidden)

/* Packs filters [group, out channel, in channel, tap], and adds each of them up. */
void vector_pack_pixel_filters(oneiro_call *call, const vector_convolution *convolution, const vector_pixels *pixels,
                               const int8_t *filters, float *packed, int32_t *sums);

#pragma GCC visibility pop
#endif
