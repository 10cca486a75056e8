/* A row-major tensor filled from strided memory: what Transpose, Expand, Tile, Slice and DepthToSpace are. */
#ifndef VECTOR_STRIDED_COPY_H
#define VECTOR_STRIDED_COPY_H

#include "plugin.h"

#pragma GCC visibility push(hidden)

/* Tile and the depth/space pair split axes, so a copy can have twice the axes of a tensor. */
enum { VECTOR_COPY_RANK = 2 * VECTOR_MAX_RANK };

/* What stands for an element of 16 bytes. */
typedef struct vector_element16 { uint64_t low, high; } vector_element16;

typedef struct vector_copy {
  int32_t rank;
  size_t element_size;                    /* 1, 2, 4, 8 or 16 bytes */
  int64_t dims[VECTOR_COPY_RANK];         /* of what is written, outermost first */
  int64_t strides[VECTOR_COPY_RANK];      /* of what is read, in elements: 0 repeats, below 0 walks backwards */
  int64_t start;                          /* element that the first one written comes from */
} vector_copy;

/* Drops axes of extent 1 and joins neighbours that lie one behind the other. To be done once, in `prepare`. */
void vector_copy_simplify(vector_copy *copy);

/* Runs a simplified copy. */
void vector_copy_run(const oneiro_call *call, const vector_copy *copy, void *to, const void *from);

/* Strides of a row-major tensor, in elements. */
void vector_row_major(const int64_t *dims, int32_t rank, int64_t *strides);

/* Copies `count` bytes, on several threads when it is worth it. */
void vector_copy_bytes(const oneiro_call *call, void *to, const void *from, size_t count);

/* True for the element sizes that a copy takes. */
bool vector_can_copy(int32_t element_type);

#pragma GCC visibility pop
#endif
