/* Filters of bytes in panels, as product.h multiplies them: [panel, quad, row] of four bytes of four channels. */
#include "quantized_conv_filters.h"

#include <string.h>

typedef struct packing_job {
  const vector_convolution *convolution;
  const int8_t *filters;
  float *packed;                      /* all groups of the convolution */
  int32_t *sums;
} packing_job;

/* Taps that are woven at a time: those of a filter lie next to each other in each of four channels. */
enum { WOVEN_TAPS = 16 };

/* Part of a filter, [quad, tap] of four bytes each from [in channel, tap]: `count` elements from `first` on. As much as
 * WOVEN_TAPS elements may be written, whatever they are, behind the last one, but nothing is read behind `end`. */
static void group_filter(const vector_convolution *convolution, int8_t *into, const int8_t *filter, size_t first,
                         size_t count, const int8_t *end) {
  size_t channels = convolution->in_channels, taps = convolution->taps;
  for (size_t at = first, tap = first % taps, in = first / taps * VECTOR_BYTES; at < first + count;) {
    const int8_t *from = filter + in * taps + tap;
    size_t present = channels - in < VECTOR_BYTES ? channels - in : VECTOR_BYTES, woven = 1;
    if (present == VECTOR_BYTES && taps == 1) {
      woven = (channels - in) / VECTOR_BYTES;
      if (woven > first + count - at) woven = first + count - at;
      memcpy(into, from, woven * VECTOR_BYTES);
      in += woven * VECTOR_BYTES;
    } else if (present == VECTOR_BYTES && tap == 0 && taps <= WOVEN_TAPS && first + count - at >= taps &&
               (size_t)(end - from) >= (VECTOR_BYTES - 1) * taps + WOVEN_TAPS) {
      woven = taps;
      vector_picked->interleave((uint8_t *)into, (const uint8_t *)from, taps, WOVEN_TAPS, 0);
      in += VECTOR_BYTES;
    } else {
      for (size_t byte = 0; byte < VECTOR_BYTES; byte++) into[byte] = byte < present ? from[byte * taps] : 0;
      if (++tap == taps) {
        tap = 0;
        in += VECTOR_BYTES;
      }
    }
    at += woven;
    into += woven * VECTOR_BYTES;
  }
}

static int32_t sum_bytes(const int8_t *bytes, size_t count) {
  enum { QUADS = 64 };
  int32_t sums[QUADS] = {0}, sum = 0;
  for (; count >= QUADS * VECTOR_BYTES; count -= QUADS * VECTOR_BYTES, bytes += QUADS * VECTOR_BYTES)
    vector_picked->sum_quads(sums, bytes, QUADS);
  for (size_t i = 0; i < QUADS; i++) sum += sums[i];
  for (size_t i = 0; i < count; i++) sum += bytes[i];
  return sum;
}

/* Panels of filters, counted through the convolution's groups, and the filters' sums. */
static void pack_panels(void *argument, size_t begin, size_t end) {
  enum { HIGHEST = 32 };
  const packing_job *job = argument;
  const vector_convolution *convolution = job->convolution;
  const vector_product_plan *plan = &convolution->plan;
  const vector_product_loops *loops = vector_plan_loops(plan);
  size_t high = loops->rows, panels = (plan->rows + high - 1) / high;
  size_t filter = convolution->in_channels * convolution->taps;
  _Alignas(VECTOR_ALIGNMENT) int8_t groups[(HIGHEST * VECTOR_MOST_DEPTH + WOVEN_TAPS) * VECTOR_BYTES];
  const int8_t *last = job->filters + convolution->groups * plan->rows * filter;
  for (size_t panel = begin; panel < end; panel++) {
    size_t group = panel / panels, first = panel % panels * high;
    size_t rows = plan->rows - first < high ? plan->rows - first : high, out = group * plan->rows + first;
    const int8_t *filters = job->filters + out * filter;
    for (size_t row = 0; row < rows; row++) job->sums[out + row] = sum_bytes(filters + row * filter, filter);
    for (size_t k = 0; k < plan->depth; k += plan->depth_block) {
      size_t depth = plan->depth - k < plan->depth_block ? plan->depth - k : plan->depth_block;
      for (size_t row = 0; row < rows; row++)
        group_filter(convolution, groups + row * depth * VECTOR_BYTES, filters + row * filter, k, depth, last);
      loops->pack_rows(job->packed + group * convolution->packed_group + panels * high * k +
                           first * vector_panel_depth(plan, k),
                       (const float *)(const void *)groups, rows, depth, (ptrdiff_t)depth, 1, 1);
    }
  }
}

void vector_pack_filters_of_bytes(oneiro_call *call, const vector_convolution *convolution, const int8_t *filters,
                                  float *packed, int32_t *sums) {
  packing_job job = {convolution, filters, packed, sums};
  size_t high = vector_plan_loops(&convolution->plan)->rows;
  size_t panels = convolution->groups * ((convolution->out_channels + high - 1) / high);
  vector_parallel_ranges(call, panels, high * convolution->in_channels * convolution->taps, pack_panels, &job);
}
