/* Convolutions of 3 x 3 filters over an image that is twice as large as what is given, each pixel repeated. */
#ifndef VECTOR_UPSAMPLED_H
#define VECTOR_UPSAMPLED_H

#include "tiles.h"

#pragma GCC visibility push(hidden)

/* A tile is the four pixels that one becomes. */
enum { VECTOR_UPSAMPLED_TILE = 2, VECTOR_UPSAMPLED_PRODUCTS = 9 };

/* The convolution over the enlarged image.
 * - node: its first inputs are X, W and, if it has one, B. */
int32_t vector_describe_upsampled(const oneiro_node *node, vector_convolution *convolution, oneiro_text *why);

#pragma GCC visibility pop
#endif
