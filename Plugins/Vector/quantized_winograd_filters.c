#include "quantized_winograd_filters.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "quantized.h"
#include "sizes.h"
#include "winograd.h"

enum { TAPS = 9 };

/* Pairs of channels whose products are summed up in 32 bits: as many as are multiplied at a time, or what always fits,
 * with 28.8e6 for each of two channels of filters of int8, and twice that for those of uint8 or with zero points. */
enum { BLOCK = 128, PLAIN_BLOCK = 32, WIDE_BLOCK = 16 };

vector_byte_filters vector_byte_filters_of(const oneiro_tensor *inputs, size_t input_count) {
  const oneiro_tensor *w = &inputs[QUANTIZED_W];
  vector_byte_filters filters = {.bytes = w->data, .count = (size_t)w->dims[0], .channels = (size_t)w->dims[1],
                                 .flip = w->element_type == ONEIRO_INT8 ? 0x80 : 0};
  if (input_count > QUANTIZED_W_ZERO_POINT && inputs[QUANTIZED_W_ZERO_POINT].element_type != ONEIRO_TYPE_ABSENT) {
    filters.zero_points = inputs[QUANTIZED_W_ZERO_POINT].data;
    filters.zero_step = oneiro_element_count(&inputs[QUANTIZED_W_ZERO_POINT]) == 1 ? 0 : 1;
  }
  return filters;
}

void vector_transform_byte_filters(const vector_byte_filters *filters, float *into, size_t step, size_t row,
                                   size_t rows, size_t first, size_t depth) {
  enum { PAIRS_AT_ONCE = 16, ROOM = 7 };
  const size_t high = vector_picked->product[VECTOR_PAIRS].rows;
  const size_t filter = filters->channels * TAPS, end = filters->count * filter;
  float pairs[VECTOR_MOST_LINES * PAIRS_AT_ONCE * TAPS + ROOM];
  for (size_t k = 0; k < depth; k += PAIRS_AT_ONCE) {
    size_t count = smaller(PAIRS_AT_ONCE, depth - k), channel = (first + k) * VECTOR_PAIR_CHANNELS;
    size_t channels = smaller(count * VECTOR_PAIR_CHANNELS, filters->channels - channel);
    for (size_t i = 0; i < rows; i++) {
      size_t at = (row + i) * filter + channel * TAPS;
      uint8_t zero_point = filters->zero_points ? filters->zero_points[(row + i) * filters->zero_step] : 0;
      vector_picked->pair_taps(pairs + i * count * TAPS, filters->bytes + at, channels, filters->flip,
                               zero_point ^ filters->flip, end - at);
    }
    vector_picked->winograd_pair_filters(into + k * high, step, pairs, rows, count);
  }
}

/* The largest magnitude of a product's input, from bytes less a zero point among them. The positive numbers of a row of
 * B', and the negative ones, add up to half of its magnitudes, but for row 1: [-4, -4, 1, 1]. */
static float largest_input(size_t product) {
  static const float magnitudes[VECTOR_WINOGRAD_SIDE] = {10, 10, 10, 6, 6, 10};
  size_t row = product / VECTOR_WINOGRAD_SIDE, column = product % VECTOR_WINOGRAD_SIDE;
  float positive = row == 1 && column == 1 ? 8 * 8 + 2 * 2 : magnitudes[row] * magnitudes[column] / 2;
  return positive * UINT8_MAX;
}

typedef struct measuring_job {
  const vector_byte_filters *filters;
  float *largest;                         /* sum of each panel */
} measuring_job;

/* Of both numbers of a pair. */
static float magnitude(const float *pair) {
  int16_t numbers[VECTOR_PAIR_CHANNELS];
  memcpy(numbers, pair, sizeof numbers);
  return (float)(abs(numbers[0]) + abs(numbers[1]));
}

/* The largest sum that blocks of a panel's filters may lead to. */
static void measure_panels(void *argument, size_t begin, size_t end) {
  enum { PART = 32 };                     /* pairs that are transformed at a time */
  const measuring_job *job = argument;
  const size_t high = vector_picked->product[VECTOR_PAIRS].rows;
  const size_t depth = divide_up(job->filters->channels, VECTOR_PAIR_CHANNELS);
  float panels[VECTOR_WINOGRAD_PRODUCTS][VECTOR_MOST_LINES * PART];
  for (size_t panel = begin; panel < end; panel++) {
    size_t rows = smaller(high, job->filters->count - panel * high);
    float largest = 0;
    for (size_t k = 0; k < depth; k += BLOCK) {
      float sums[VECTOR_WINOGRAD_PRODUCTS][VECTOR_MOST_LINES] = {{0}};
      for (size_t part = k; part < smaller(depth, k + BLOCK); part += PART) {
        size_t count = smaller(PART, depth - part);
        vector_transform_byte_filters(job->filters, panels[0], VECTOR_MOST_LINES * PART, panel * high, rows, part,
                                      count);
        for (size_t product = 0; product < VECTOR_WINOGRAD_PRODUCTS; product++)
          for (size_t i = 0; i < count; i++)
            for (size_t row = 0; row < rows; row++) sums[product][row] += magnitude(panels[product] + i * high + row);
      }
      for (size_t product = 0; product < VECTOR_WINOGRAD_PRODUCTS; product++)
        for (size_t row = 0; row < rows; row++)
          largest = fmaxf(largest, sums[product][row] * largest_input(product));
    }
    job->largest[panel] = largest;
  }
}

int32_t vector_choose_pair_block(oneiro_call *call, const vector_byte_filters *filters, size_t *block) {
  const size_t high = vector_picked->product[VECTOR_PAIRS].rows, panels = divide_up(filters->count, high);
  const float most = 0x1p31f * 0.99f;     /* for what the measure itself is rounded by */
  const size_t least = filters->flip && !filters->zero_points ? PLAIN_BLOCK : WIDE_BLOCK;
  *block = least;
  if (divide_up(filters->channels, VECTOR_PAIR_CHANNELS) <= least) return ONEIRO_OK;
  measuring_job job = {filters, malloc(panels * sizeof(float))};
  if (!job.largest) return vector_out_of_memory(call->why, panels * sizeof(float));
  vector_parallel_ranges(call, panels, high * filters->channels * VECTOR_WINOGRAD_PRODUCTS, measure_panels, &job);
  *block = BLOCK;
  for (size_t panel = 0; panel < panels; panel++)
    if (!(job.largest[panel] < most)) *block = least;
  free(job.largest);
  return ONEIRO_OK;
}
