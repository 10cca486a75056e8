#include "quantized_pixels.h"

#include <stdatomic.h>
#include <string.h>

/* Output pixels that are computed before what comes after is done to them, while they are in a cache. */
enum { PIXELS_AT_ONCE = 512 };

/* The longest row: a worker has room for the sums of 32 filters over it. */
enum { LONGEST_ROW = 4096 };

/* Steps of four bytes. */
enum { QUADS = VECTOR_PIXEL_BYTES / VECTOR_BYTES };

/* Channels of a block that are none may be so many of all. */
static const double MOST_EMPTY = 0.34;

static size_t divide_up(size_t value, size_t step) { return (value + step - 1) / step; }
static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

vector_pixels vector_plan_pixels(const vector_convolution *convolution, int32_t threads) {
  const int64_t *input = convolution->window.input, *output = convolution->window.output;
  const int64_t *stride = convolution->window.stride;
  size_t blocks = divide_up(convolution->in_channels, VECTOR_PIXEL_BYTES);
  size_t tall = vector_picked->product[VECTOR_BYTES_B_SIGNED].rows;
  double empty = (double)(blocks * VECTOR_PIXEL_BYTES - convolution->in_channels);
  size_t pixels = convolution->batch * convolution->out_plane * convolution->out_channels;
  if (!vector_picked->convolve_pixels || pixels == 0 || blocks == 0 ||
      empty > MOST_EMPTY * (double)convolution->in_channels || convolution->taps > VECTOR_PIXEL_TAPS ||
      input[2] > LONGEST_ROW)
    return (vector_pixels){0};
  bool is_one_run = stride[0] == 1 && stride[1] == 1 && stride[2] == 1;
  size_t row = (size_t)output[2], pitch = is_one_run ? (size_t)input[2] : divide_up(row, tall) * tall;
  size_t rows = smaller(PIXELS_AT_ONCE / smaller(pitch, PIXELS_AT_ONCE), (size_t)output[1]);
  return (vector_pixels){
      .blocks = blocks, .steps = blocks * convolution->taps,
      .plane = (size_t)vector_volume(input) + tall * (size_t)stride[2],
      .pixel_step = VECTOR_PIXEL_BYTES * (size_t)stride[2], .rows = rows, .pitch = pitch,
      .spans = divide_up((size_t)output[1], rows), .is_one_run = is_one_run,
      .panels = divide_up(convolution->out_channels, vector_picked->tile_columns),
      .sums_step = divide_up(rows * pitch, tall) * tall, .workers = (size_t)threads};
}

void vector_fill_offsets(const vector_convolution *convolution, const vector_pixels *pixels) {
  const vector_spatial *spatial = &convolution->spatial;
  const int64_t *input = convolution->window.input;
  ptrdiff_t *offset = pixels->offsets;
  for (size_t block = 0; block < pixels->blocks; block++)
    for (size_t tap = 0; tap < convolution->taps; tap++) {
      int32_t at[VECTOR_SPATIAL];
      vector_place_tap(spatial, tap, at);
      int64_t pixel = (int64_t)(block * pixels->plane) + (at[0] * input[1] + at[1]) * input[2] + at[2];
      *offset++ = (ptrdiff_t)(pixel * VECTOR_PIXEL_BYTES);
    }
}

size_t vector_pixel_filter_floats(const vector_pixels *pixels) {
  return pixels->panels * vector_picked->tile_columns * pixels->steps * QUADS;
}

size_t vector_pixel_image_bytes(const vector_convolution *convolution, const vector_pixels *pixels) {
  return convolution->batch * convolution->groups * pixels->blocks * pixels->plane * VECTOR_PIXEL_BYTES;
}

size_t vector_pixel_sums_floats(const vector_pixels *pixels) {
  return pixels->workers * pixels->sums_step * vector_picked->tile_columns;
}

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

typedef struct copying_job {
  const vector_convolution *convolution;
  const vector_pixels *pixels;
  const uint8_t *x;
  uint8_t *image, flip, padding;
} copying_job;

/* Rows of padded images, counted through items and blocks. */
static void copy_rows(void *argument, size_t begin, size_t end) {
  const copying_job *job = argument;
  const vector_convolution *convolution = job->convolution;
  const vector_spatial *spatial = &convolution->spatial;
  const int64_t *padded = convolution->window.input, *input = spatial->input, *before = spatial->pad_begin;
  size_t image_rows = (size_t)(padded[0] * padded[1]), row_bytes = (size_t)padded[2] * VECTOR_PIXEL_BYTES;
  for (size_t index = begin; index < end; index++) {
    size_t block = index / image_rows, row = index % image_rows, item = block / job->pixels->blocks;
    size_t channel = block % job->pixels->blocks * VECTOR_PIXEL_BYTES;
    int64_t i = (int64_t)row / padded[1] - before[0], j = (int64_t)row % padded[1] - before[1];
    uint8_t *into = job->image + block * job->pixels->plane * VECTOR_PIXEL_BYTES + row * row_bytes;
    bool inside = i >= 0 && i < input[0] && j >= 0 && j < input[1];
    size_t ahead = inside ? (size_t)before[2] * VECTOR_PIXEL_BYTES : row_bytes;
    memset(into, job->padding, ahead);
    if (!inside) continue;
    size_t width = (size_t)input[2];
    const uint8_t *x = job->x + (item * convolution->in_channels + channel) * convolution->in_plane +
                       (size_t)(i * input[1] + j) * width;
    vector_picked->pixels_from_planes(into + ahead, x, convolution->in_plane, width,
                                      smaller(convolution->in_channels - channel, VECTOR_PIXEL_BYTES), job->flip);
    size_t written = ahead + width * VECTOR_PIXEL_BYTES;
    memset(into + written, job->padding, row_bytes - written);
  }
}

void vector_copy_pixels(const oneiro_call *call, const vector_convolution *convolution, const vector_pixels *pixels,
                        const uint8_t *x, const vector_activations *activations, uint8_t *image) {
  copying_job job = {convolution, pixels, x, image, activations->flip, (uint8_t)activations->zero_point};
  const int64_t *padded = convolution->window.input;
  size_t rows = convolution->batch * convolution->groups * pixels->blocks * (size_t)(padded[0] * padded[1]);
  vector_parallel_ranges(call, rows, (size_t)padded[2] * VECTOR_PIXEL_BYTES, copy_rows, &job);
}

typedef struct pixel_job {
  const vector_convolution *convolution;
  const vector_pixels *pixels;
  const uint8_t *image;
  float *sums, *y;
  void (*finish)(const void *, const vector_product_part *);
  const void *argument;
  _Atomic size_t next;
} pixel_job;

/* Some output rows of one plane for a panel of filters. */
static void run_span(const pixel_job *job, size_t index, float *sums) {
  const vector_convolution *convolution = job->convolution;
  const vector_pixels *pixels = job->pixels;
  const int64_t *input = convolution->window.input, *output = convolution->window.output;
  const int64_t *stride = convolution->window.stride;
  size_t outer = (size_t)output[0], spans = pixels->spans * outer, wide = vector_picked->tile_columns;
  size_t span = index % spans, panel = index / spans % pixels->panels, item = index / spans / pixels->panels;
  size_t o0 = span / pixels->spans, o1 = span % pixels->spans * pixels->rows;
  size_t rows = smaller((size_t)output[1] - o1, pixels->rows), row = (size_t)output[2];
  const float *filters = convolution->packed + item % convolution->groups * convolution->packed_group +
                         panel * wide * pixels->steps * QUADS;
  const uint8_t *image = job->image + item * pixels->blocks * pixels->plane * VECTOR_PIXEL_BYTES;
  size_t line = (size_t)input[2] * VECTOR_PIXEL_BYTES;
  image += ((size_t)(stride[0] * input[1]) * o0 + (size_t)stride[1] * o1) * line;
  if (pixels->is_one_run)
    vector_picked->convolve_pixels(sums, pixels->sums_step, image, pixels->pixel_step, (rows - 1) * pixels->pitch + row,
                                   pixels->offsets, pixels->steps, filters);
  for (size_t i = 0; i < rows && !pixels->is_one_run; i++)
    vector_picked->convolve_pixels(sums + i * pixels->pitch, pixels->sums_step, image + (size_t)stride[1] * i * line,
                                   pixels->pixel_step, row, pixels->offsets, pixels->steps, filters);

  size_t first = panel * wide, channels = smaller(convolution->out_channels - first, wide);
  vector_product_part part = {.c_step = convolution->out_plane, .row = first,
                              .column = (o0 * (size_t)output[1] + o1) * row, .rows = channels, .columns = rows * row};
  part.c = job->y + (item * convolution->out_channels + first) * convolution->out_plane + part.column;
  for (size_t channel = 0; channel < channels; channel++)
    for (size_t i = 0; i < rows; i++)
      memcpy(part.c + channel * part.c_step + i * row, sums + channel * pixels->sums_step + i * pixels->pitch,
             row * sizeof(float));
  job->finish(job->argument, &part);
}

static void run_worker(void *argument, size_t worker) {
  pixel_job *job = argument;
  const vector_convolution *convolution = job->convolution;
  size_t outer = (size_t)convolution->window.output[0];
  size_t count = convolution->batch * convolution->groups * job->pixels->panels * outer * job->pixels->spans;
  float *sums = job->sums + worker * job->pixels->sums_step * vector_picked->tile_columns;
  for (size_t index; (index = atomic_fetch_add(&job->next, 1)) < count;) run_span(job, index, sums);
}

void vector_run_pixels(const oneiro_call *call, const vector_convolution *convolution, const vector_pixels *pixels,
                       const uint8_t *image, float *sums, float *y,
                       void (*finish)(const void *argument, const vector_product_part *part), const void *argument) {
  pixel_job job = {convolution, pixels, image, sums, y, finish, argument, 0};
  vector_parallel_workers(call, smaller(pixels->workers, (size_t)call->threads), run_worker, &job);
}
