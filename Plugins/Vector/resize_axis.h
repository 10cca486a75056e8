/* Resize, one axis at a time: which input positions an output position is mixed from, and with which weights. */
#ifndef VECTOR_RESIZE_AXIS_H
#define VECTOR_RESIZE_AXIS_H

#include "plugin.h"

#pragma GCC visibility push(hidden)

typedef enum resize_mode { RESIZE_NEAREST, RESIZE_LINEAR, RESIZE_CUBIC, RESIZE_MODE_COUNT } resize_mode;

typedef enum resize_coordinates {
  HALF_PIXEL, HALF_PIXEL_SYMMETRIC, PYTORCH_HALF_PIXEL, ALIGN_CORNERS, ASYMMETRIC, TF_CROP_AND_RESIZE,
  RESIZE_COORDINATES_COUNT
} resize_coordinates;

typedef enum resize_rounding {
  ROUND_PREFER_FLOOR, ROUND_PREFER_CEIL, ROUND_FLOOR, ROUND_CEIL, RESIZE_ROUNDING_COUNT
} resize_rounding;

enum { RESIZE_MAX_TAPS = 4, RESIZE_OUTSIDE = -1 };

/* How the node asks for it. */
typedef struct resize_rule {
  resize_mode mode;
  resize_coordinates coordinates;
  resize_rounding rounding;
  double cubic_coefficient;
  bool excludes_outside;
} resize_rule;

typedef struct resize_axis {
  int64_t input, output;
  double scale;
  double roi_begin, roi_end;      /* for TF_CROP_AND_RESIZE */
  int32_t taps;                   /* 1, 2 or 4 */
} resize_axis;

/* Taps that an axis needs: one when it keeps its extent and its positions. */
int32_t vector_resize_taps(const resize_rule *rule, const resize_axis *axis);

/* Fills output * taps positions and weights. RESIZE_OUTSIDE stands for the extrapolation value. */
void vector_resize_fill(const resize_rule *rule, const resize_axis *axis, int64_t *positions, float *weights);

#pragma GCC visibility pop
#endif
