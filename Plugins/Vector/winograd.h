/* Winograd's convolution of 3 x 3 filters: a quarter of the multiplications, for a larger rounding error. */
#ifndef VECTOR_WINOGRAD_H
#define VECTOR_WINOGRAD_H

#include "convolution.h"

#pragma GCC visibility push(hidden)

/* Output rows and columns of a tile, numbers along an axis that it becomes, and the products of these. */
enum { VECTOR_WINOGRAD_TILE = 4, VECTOR_WINOGRAD_SIDE = 6,
       VECTOR_WINOGRAD_PRODUCTS = VECTOR_WINOGRAD_SIDE * VECTOR_WINOGRAD_SIDE };

/* Whether a convolution can be computed so. */
int32_t vector_winograd_supports(const vector_convolution *convolution, oneiro_text *why);

/* The same for FusedConv, which is left to others where a convolution by its definition would be faster. */
int32_t vector_winograd_supports_fused(const oneiro_node *node, const vector_convolution *convolution,
                                       oneiro_text *why);

/* How long it takes, in terms of a convolution by its definition. */
double vector_winograd_relative_time(const vector_convolution *convolution);

/* A state in one piece of memory, to be freed with free. The filters are transformed in every run, which takes a few
 * percent of it; transformed they would be four times as large as in the file. */
int32_t vector_winograd_prepare(oneiro_call *call);
int32_t vector_winograd_compute(const oneiro_call *call);

/* The same with filters of few bits, [out channel, in channel, 3, 3], in the place of input 1. */
int32_t vector_winograd_convolve(const oneiro_call *call, const vector_weights *weights);

#pragma GCC visibility pop
#endif
