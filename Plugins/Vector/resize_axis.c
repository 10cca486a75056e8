#include "resize_axis.h"

#include <math.h>

static double coordinate_of(const resize_rule *rule, const resize_axis *axis, int64_t at) {
  double x = (double)at, input = (double)axis->input, output = (double)axis->output;
  double exact = axis->scale * input;      /* the output's extent before it was rounded down */
  switch (rule->coordinates) {
    case HALF_PIXEL_SYMMETRIC: return input / 2 * (1 - output / exact) + (x + 0.5) / axis->scale - 0.5;
    case PYTORCH_HALF_PIXEL: return axis->output > 1 ? (x + 0.5) / axis->scale - 0.5 : 0;
    case ALIGN_CORNERS: return exact == 1 ? 0 : x * (input - 1) / (exact - 1);
    case ASYMMETRIC: return x / axis->scale;
    case TF_CROP_AND_RESIZE:
      return axis->output > 1
                 ? axis->roi_begin * (input - 1) + x * (axis->roi_end - axis->roi_begin) * (input - 1) / (output - 1)
                 : 0.5 * (axis->roi_begin + axis->roi_end) * (input - 1);
    default: return (x + 0.5) / axis->scale - 0.5;
  }
}

static double rounded(resize_rounding rounding, double x) {
  switch (rounding) {
    case ROUND_PREFER_FLOOR: return ceil(x - 0.5);
    case ROUND_PREFER_CEIL: return floor(x + 0.5);
    case ROUND_FLOOR: return floor(x);
    default: return ceil(x);
  }
}

/* Keys' cubic convolution: the weight of a sample at distance d, for the coefficient a. */
static double cubic_weight(double d, double a) {
  d = fabs(d);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return 0;
}

/* The comparison comes before the conversion, so that no coordinate of a strange scale overflows it. */
static int64_t inside(double position, int64_t extent) {
  if (!(position > 0)) return 0;
  return position >= (double)(extent - 1) ? extent - 1 : (int64_t)position;
}

int32_t vector_resize_taps(const resize_rule *rule, const resize_axis *axis) {
  static const int32_t taps[] = {[RESIZE_NEAREST] = 1, [RESIZE_LINEAR] = 2, [RESIZE_CUBIC] = 4};
  bool stays = axis->input == axis->output && axis->scale == 1 && rule->coordinates != TF_CROP_AND_RESIZE;
  return stays ? 1 : taps[rule->mode];
}

void vector_resize_fill(const resize_rule *rule, const resize_axis *axis, int64_t *positions, float *weights) {
  for (int64_t at = 0; at < axis->output; at++, positions += axis->taps, weights += axis->taps) {
    double x = coordinate_of(rule, axis, at);
    bool outside = rule->coordinates == TF_CROP_AND_RESIZE && !(x >= 0 && x <= (double)(axis->input - 1));
    if (axis->taps == 1) {
      positions[0] = outside ? RESIZE_OUTSIDE : inside(rounded(rule->rounding, x), axis->input);
      weights[0] = 1;
      continue;
    }
    double below = floor(x), first = axis->taps == 4 ? below - 1 : below, values[RESIZE_MAX_TAPS], sum = 0;
    for (int32_t tap = 0; tap < axis->taps; tap++) {
      double position = first + tap, distance = x - position;
      values[tap] = axis->taps == 4 ? cubic_weight(distance, rule->cubic_coefficient) : 1 - fabs(distance);
      if (rule->excludes_outside && !(position >= 0 && position < (double)axis->input)) values[tap] = 0;
      sum += values[tap];
      positions[tap] = outside ? RESIZE_OUTSIDE : inside(position, axis->input);
    }
    for (int32_t tap = 0; tap < axis->taps; tap++)
      weights[tap] = (float)(rule->excludes_outside && sum != 0 ? values[tap] / sum : values[tap]);
  }
}
