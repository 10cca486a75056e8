/* Pointwise convolution of planes too small to fill a tile's columns: pixels are rows, output channels are columns. */
#ifndef VECTOR_SMALL_PLANES_H
#define VECTOR_SMALL_PLANES_H

#include "convolution.h"

#pragma GCC visibility push(hidden)

/* Whether a node of Conv or FusedConv can be computed so, and would be the faster for it. */
int32_t vector_small_planes_supports(const oneiro_node *node, oneiro_text *why);

/* How long it takes, in terms of a product with pixels as columns. */
double vector_small_planes_relative_time(const oneiro_node *node, int32_t threads);

/* A state in one piece of memory, to be freed with free. */
int32_t vector_small_planes_prepare(oneiro_call *call);
int32_t vector_small_planes_compute(const oneiro_call *call);

#pragma GCC visibility pop
#endif
