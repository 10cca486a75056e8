/* A convolution's input seen as the columns of a matrix: column j is output position j, row k is one (channel, tap) of
 * the filter. Nothing is copied to make that matrix; `pack_window` reads the columns that a panel needs. */
#ifndef VECTOR_WINDOW_H
#define VECTOR_WINDOW_H

#include <stddef.h>
#include <stdint.h>

/* Spatial axes a window has; a 1-D or 2-D convolution leaves the first ones at extent 1. */
enum { VECTOR_SPATIAL = 3 };

/* Row k of the matrix: an offset into the input (the channel's plane) and where the tap lies in each axis. */
typedef struct vector_tap {
  ptrdiff_t plane;
  int32_t at[VECTOR_SPATIAL];
} vector_tap;

/* Output position o reads input position (o * stride + tap) / spread, where that is whole and inside; zero elsewhere.
 * A convolution has spread 1; a transposed one has stride 1 and spreads its input apart. */
typedef struct vector_window {
  int64_t input[VECTOR_SPATIAL];
  int64_t output[VECTOR_SPATIAL];
  int64_t stride[VECTOR_SPATIAL];
  int64_t spread[VECTOR_SPATIAL];
  const vector_tap *taps;
} vector_window;

#endif
