#include "quantized_pixels.h"
#include "sizes.h"

#include <string.h>

/* Steps of four bytes. */
enum { QUADS = VECTOR_PIXEL_BYTES / VECTOR_BYTES };

typedef struct packing_job {
  const vector_convolution *convolution;
  const vector_pixels *pixels;
  const int8_t *filters;
  float *packed;
  int32_t *sums;
} packing_job;

static void describe_turning(size_t taps, vector_turning *turning) {
  memset(turning, 0, sizeof *turning);
  turning->taps = taps;
  for (size_t tap = 0; tap < taps; tap++)
    for (size_t in = 0; in < VECTOR_PIXEL_BYTES; in++) {
      size_t from = in * taps + tap;
      turning->places[tap][in] = (uint8_t)(from % VECTOR_PIXEL_BYTES);
      turning->present[tap][from / VECTOR_PIXEL_BYTES] |= 1ull << in;
    }
}

/* Some channels of a filter, [tap, 64] from [channel, tap]; those that are absent become zeros. Returns their sum. */
static int32_t turn_channels(int8_t *into, const int8_t *filter, size_t channels, size_t taps) {
  int32_t sum = 0;
  memset(into, 0, taps * VECTOR_PIXEL_BYTES);
  for (size_t in = 0; in < channels; in++)
    for (size_t tap = 0; tap < taps; tap++, filter++) {
      into[tap * VECTOR_PIXEL_BYTES + in] = *filter;
      sum += *filter;
    }
  return sum;
}

/* Panels of filters, counted through the convolution's groups. */
static void pack_panels(void *argument, size_t begin, size_t end) {
  enum { WIDEST = 32 };
  const packing_job *job = argument;
  const vector_convolution *convolution = job->convolution;
  const vector_pixels *pixels = job->pixels;
  size_t wide = vector_picked->tile_columns, taps = convolution->taps, channels = convolution->in_channels;
  _Alignas(VECTOR_ALIGNMENT) int8_t turned[WIDEST * VECTOR_PIXEL_TAPS * VECTOR_PIXEL_BYTES];
  vector_turning turning;
  describe_turning(taps, &turning);
  for (size_t panel = begin; panel < end; panel++) {
    size_t group = panel / pixels->panels, first = panel % pixels->panels * wide;
    size_t count = smaller(convolution->out_channels - first, wide), out = group * convolution->out_channels + first;
    float *into = job->packed + panel * wide * pixels->steps * QUADS;
    memset(job->sums + out, 0, count * sizeof(int32_t));
    for (size_t block = 0; block < pixels->blocks; block++, into += taps * QUADS * wide) {
      size_t from = block * VECTOR_PIXEL_BYTES, present = smaller(channels - from, VECTOR_PIXEL_BYTES);
      for (size_t j = 0; j < count; j++) {
        const int8_t *filter = job->filters + ((out + j) * channels + from) * taps;
        int8_t *line = turned + j * taps * VECTOR_PIXEL_BYTES;
        job->sums[out + j] += present == VECTOR_PIXEL_BYTES ? vector_picked->turn_filter(line, filter, &turning)
                                                            : turn_channels(line, filter, present, taps);
      }
      vector_floats()->pack_columns(into, (const float *)(const void *)turned, count, taps * QUADS, 1,
                                    (ptrdiff_t)(taps * QUADS));
    }
  }
}

void vector_pack_pixel_filters(oneiro_call *call, const vector_convolution *convolution, const vector_pixels *pixels,
                               const int8_t *filters, float *packed, int32_t *sums) {
  packing_job job = {convolution, pixels, filters, packed, sums};
  size_t work = vector_picked->tile_columns * convolution->in_channels * convolution->taps;
  vector_parallel_ranges(call, convolution->groups * pixels->panels, work, pack_panels, &job);
}
