/* Weights that are unsigned, or whose zero points are not 0.
 *
 * Products want signed weights with the zero point 0. What a channel's zero point leaves within -128 ... 127 is moved
 * there when the weights are packed. Of other channels a zero point remains, and
 *     sum((x - x0) (w - w0)) = sum((x - x0) w) - w0 sum(x - x0),
 * where the last sum is the same for all channels, and made once in a run. */
#include <stdlib.h>
#include <string.h>

#include "quantized.h"

static int32_t element(const oneiro_tensor *tensor, size_t index) {
  return tensor->element_type == ONEIRO_INT8 ? ((const int8_t *)tensor->data)[index]
                                             : ((const uint8_t *)tensor->data)[index];
}

static bool are_zero(const oneiro_tensor *zero_points) {
  for (int64_t i = 0; i < oneiro_element_count(zero_points); i++)
    if (element(zero_points, (size_t)i) != 0) return false;
  return true;
}

int32_t vector_sign_weights(const oneiro_call *call, size_t channels, size_t inner, vector_signed_weights *weights) {
  const oneiro_tensor *w = &call->node->inputs[QUANTIZED_W];
  const oneiro_tensor *given =
      oneiro_has_input(call->node, QUANTIZED_W_ZERO_POINT) ? &call->node->inputs[QUANTIZED_W_ZERO_POINT] : NULL;
  size_t count = (size_t)oneiro_element_count(w), outer = count == 0 ? 0 : count / inner / channels;
  *weights = (vector_signed_weights){.elements = w->data};
  if (w->element_type == ONEIRO_INT8 && (!given || are_zero(given))) return ONEIRO_OK;
  size_t byte_count = channels * 4 * sizeof(int32_t) + count;
  weights->memory = malloc(byte_count + 1);
  if (!weights->memory) return vector_out_of_memory(call->why, byte_count);
  int32_t *zero_points = weights->memory, *least = zero_points + channels, *most = least + channels,
          *shifts = most + channels;
  int8_t *elements = (int8_t *)(shifts + channels);
  for (size_t channel = 0; channel < channels; channel++) {
    least[channel] = 255;
    most[channel] = -128;
  }
  bool is_signed = w->element_type == ONEIRO_INT8;
  for (size_t i = 0, at = 0; i < outer; i++)
    for (size_t channel = 0; channel < channels; channel++)
      for (size_t j = 0; j < inner; j++, at++) {
        int32_t value = is_signed ? ((const int8_t *)w->data)[at] : ((const uint8_t *)w->data)[at];
        if (value < least[channel]) least[channel] = value;
        if (value > most[channel]) most[channel] = value;
      }
  size_t step = given && oneiro_element_count(given) > 1 ? 1 : 0;
  for (size_t channel = 0; channel < channels; channel++) {
    int32_t zero_point = given ? element(given, channel * step) : 0;
    bool fits = least[channel] - zero_point >= INT8_MIN && most[channel] - zero_point <= INT8_MAX;
    shifts[channel] = fits ? zero_point : is_signed ? 0 : 128;
    zero_points[channel] = zero_point - shifts[channel];
    if (!fits) weights->zero_points = zero_points;
  }
  for (size_t i = 0, at = 0; i < outer; i++)
    for (size_t channel = 0; channel < channels; channel++)
      for (size_t j = 0; j < inner; j++, at++) {
        int32_t value = is_signed ? ((const int8_t *)w->data)[at] : ((const uint8_t *)w->data)[at];
        elements[at] = (int8_t)(value - shifts[channel]);
      }
  weights->elements = elements;
  return ONEIRO_OK;
}

void vector_pack_zero_points(int32_t *sums, size_t channels, const vector_signed_weights *weights) {
  if (weights->zero_points) memcpy(sums + channels, weights->zero_points, channels * sizeof *sums);
  else memset(sums + channels, 0, channels * sizeof *sums);
  sums[2 * channels] = weights->zero_points != NULL;
}

typedef struct row_job {
  const uint8_t *x;
  int32_t *sums;
  size_t depth;
  vector_activations activations;
} row_job;

static void sum_rows(void *argument, size_t begin, size_t end) {
  const row_job *job = argument;
  for (size_t row = begin; row < end; row++) {
    const uint8_t *x = job->x + row * job->depth;
    int32_t sum = -(int32_t)job->depth * job->activations.zero_point;
    for (size_t k = 0; k < job->depth; k++) sum += x[k] ^ job->activations.flip;
    job->sums[row] = sum;
  }
}

void vector_sum_rows(const oneiro_call *call, const vector_activations *activations, size_t rows, size_t depth,
                     int32_t *sums) {
  row_job job = {call->inputs[QUANTIZED_X].data, sums, depth, *activations};
  vector_parallel_ranges(call, rows, depth, sum_rows, &job);
}

typedef struct window_job {
  const vector_convolution *convolution;
  const uint8_t *x;
  int32_t *planes, *sums;
  vector_activations activations;
} window_job;

/* The sum of an item's channels at each pixel, with padding around it, where it is 0: rows of padded images, counted
 * through all items. */
static void sum_channels(void *argument, size_t begin, size_t end) {
  const window_job *job = argument;
  const vector_convolution *convolution = job->convolution;
  const vector_spatial *spatial = &convolution->spatial;
  const int64_t *padded = convolution->window.input, *input = spatial->input, *before = spatial->pad_begin;
  size_t image_rows = (size_t)(padded[0] * padded[1]);
  int32_t zeros = (int32_t)convolution->in_channels * job->activations.zero_point;
  for (size_t at = begin; at < end; at++) {
    int32_t *into = job->planes + at * (size_t)padded[2];
    memset(into, 0, (size_t)padded[2] * sizeof *into);
    int64_t row = (int64_t)(at % image_rows), i = row / padded[1] - before[0], j = row % padded[1] - before[1];
    if (i < 0 || i >= input[0] || j < 0 || j >= input[1]) continue;
    const uint8_t *from = job->x + at / image_rows * convolution->in_channels * convolution->in_plane +
                          (i * input[1] + j) * input[2];
    into += before[2];
    for (int64_t k = 0; k < input[2]; k++) into[k] = -zeros;
    for (size_t channel = 0; channel < convolution->in_channels; channel++, from += convolution->in_plane)
      for (int64_t k = 0; k < input[2]; k++) into[k] += from[k] ^ job->activations.flip;
  }
}

/* x [outer, extent, inner] becomes [outer, output, inner], in its place: sums of `taps` that lie `dilation` apart. */
static void sum_along(int32_t *x, size_t outer, size_t extent, size_t inner, size_t output, size_t taps, size_t stride,
                      size_t dilation) {
  for (size_t row = 0; row < outer * output; row++) {
    const int32_t *from = x + (row / output * extent + row % output * stride) * inner;
    int32_t *into = x + row * inner;
    memmove(into, from, inner * sizeof *into);
    for (size_t tap = 1; tap < taps; tap++)
      for (size_t i = 0; i < inner; i++) into[i] += from[tap * dilation * inner + i];
  }
}

/* What a filter's taps see of such a plane, at each output pixel. */
static void sum_taps(void *argument, size_t begin, size_t end) {
  const window_job *job = argument;
  const vector_convolution *convolution = job->convolution;
  const vector_spatial *spatial = &convolution->spatial;
  const int64_t *padded = convolution->window.input, *output = spatial->output;
  for (size_t item = begin; item < end; item++) {
    int32_t *plane = job->planes + item * (size_t)vector_volume(padded);
    size_t outer = (size_t)(padded[0] * padded[1]), inner = 1;
    for (int32_t axis = VECTOR_SPATIAL - 1; axis >= 0; axis--) {
      sum_along(plane, outer, (size_t)padded[axis], inner, (size_t)output[axis], (size_t)spatial->kernel[axis],
                (size_t)spatial->stride[axis], (size_t)spatial->dilation[axis]);
      inner *= (size_t)output[axis];
      if (axis > 0) outer /= (size_t)padded[axis - 1];
    }
    memcpy(job->sums + item * convolution->out_plane, plane, convolution->out_plane * sizeof *plane);
  }
}

void vector_sum_windows(const oneiro_call *call, const vector_activations *activations,
                        const vector_convolution *convolution, int32_t *planes, int32_t *sums) {
  window_job job = {convolution, call->inputs[QUANTIZED_X].data, planes, sums, *activations};
  const int64_t *padded = convolution->window.input;
  size_t items = convolution->batch * convolution->groups;
  vector_parallel_ranges(call, items * (size_t)(padded[0] * padded[1]), convolution->in_channels * (size_t)padded[2],
                         sum_channels, &job);
  vector_parallel_ranges(call, items, (size_t)vector_volume(padded), sum_taps, &job);
}
