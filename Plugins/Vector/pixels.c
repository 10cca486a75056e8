#include "pixels.h"
#include "sizes.h"

#include <stdatomic.h>
#include <string.h>

/* Output pixels that are computed before what comes after is done to them, while they are in a cache; and bytes of the
 * image that they may see, if that is more than one row. */
enum { PIXELS_AT_ONCE = 512, SEEN_AT_ONCE = 1 << 20 };

/* The longest row: a worker has room for the sums of a panel of filters over it. And the most bytes that one row of
 * the output may see, with filters or strides that reach far. */
enum { LONGEST_ROW = 4096 };
static const double MOST_SEEN = 0x1p24;

/* Tiles multiplied below which a second thread costs more than it saves, and parts for each thread, so that none waits
 * for long. */
static const double WORTH_SHARING = 64;
enum { PARTS = 4 };

static int64_t padded_extent(const vector_spatial *spatial, int32_t axis) {
  return spatial->input[axis] + spatial->pad_begin[axis] + spatial->pad_end[axis];
}

/* Pixels that so many output positions see along an axis. */
static size_t seen_along(const vector_spatial *spatial, int32_t axis, size_t outputs) {
  return (outputs - 1) * (size_t)spatial->stride[axis] +
         (size_t)((spatial->kernel[axis] - 1) * spatial->dilation[axis]) + 1;
}

static size_t seen_pixels(const vector_spatial *spatial, size_t rows, size_t tall) {
  return seen_along(spatial, 0, 1) * seen_along(spatial, 1, rows) * (size_t)padded_extent(spatial, 2) +
         tall * (size_t)spatial->stride[2];
}

/* Spans of a plane, so many that no worker waits for the last ones of others. */
static size_t even_spans(const vector_pixels *pixels, size_t planes, size_t rows) {
  size_t spans = divide_up(rows, pixels->rows), workers = pixels->workers;
  if (planes * spans * pixels->panels >= PARTS * workers) return spans;
  return smaller(planes * pixels->panels % workers ? round_up(spans, workers) : spans, rows);
}

vector_pixels vector_plan_pixels(const vector_convolution *convolution, vector_elements elements, double longest,
                                 int32_t threads) {
  const vector_spatial *spatial = &convolution->spatial;
  const vector_pixel_loops *loops = &vector_picked->pixels[elements];
  if (!loops->convolve) return (vector_pixels){0};
  size_t blocks = divide_up(convolution->in_channels, loops->channels);
  size_t outputs = convolution->batch * convolution->out_plane * convolution->out_channels;
  if (outputs == 0 || blocks == 0 || convolution->taps > VECTOR_PIXEL_TAPS || padded_extent(spatial, 2) > LONGEST_ROW)
    return (vector_pixels){0};
  if ((double)(blocks * loops->channels) > longest * (double)convolution->in_channels) return (vector_pixels){0};
  double seen = (double)seen_along(spatial, 0, 1) * (double)seen_along(spatial, 1, 1) *
                    (double)padded_extent(spatial, 2) + (double)loops->rows * (double)spatial->stride[2];
  if (seen * (double)(blocks * loops->bytes) > MOST_SEEN) return (vector_pixels){0};
  vector_pixels pixels = {.loops = loops, .blocks = blocks, .steps = blocks * convolution->taps};
  pixels.is_one_run = spatial->stride[0] == 1 && spatial->stride[1] == 1 && spatial->stride[2] == 1;
  size_t row = (size_t)spatial->output[2], line_bytes = blocks * loops->bytes, tall = loops->rows;
  pixels.pitch = pixels.is_one_run ? (size_t)padded_extent(spatial, 2) : round_up(row, tall);
  pixels.rows = smaller(PIXELS_AT_ONCE / smaller(pixels.pitch, PIXELS_AT_ONCE), (size_t)spatial->output[1]);
  while (pixels.rows > 1 && seen_pixels(spatial, pixels.rows, tall) * line_bytes > SEEN_AT_ONCE) pixels.rows--;
  pixels.panels = divide_up(convolution->out_channels, vector_picked->tile_columns);
  size_t planes = convolution->batch * convolution->groups * (size_t)spatial->output[0];
  double tiles = (double)planes * (double)divide_up((size_t)spatial->output[1] * pixels.pitch, tall) *
                 (double)(pixels.panels * pixels.steps);
  pixels.workers = tiles > WORTH_SHARING ? (size_t)threads : 1;
  pixels.spans = even_spans(&pixels, planes, (size_t)spatial->output[1]);
  pixels.rows = divide_up((size_t)spatial->output[1], pixels.spans);
  pixels.spans = divide_up((size_t)spatial->output[1], pixels.rows);
  pixels.seen_planes = seen_along(spatial, 0, 1);
  pixels.seen_rows = seen_along(spatial, 1, pixels.rows);
  pixels.seen = seen_pixels(spatial, pixels.rows, tall);
  pixels.sums_step = round_up(pixels.rows * pixels.pitch, tall);
  size_t images = planes * pixels.spans;
  size_t parts = pixels.workers > 1 ? smaller(divide_up(pixels.workers * PARTS, images), pixels.panels) : 1;
  pixels.share = divide_up(pixels.panels, parts);
  pixels.workers = smaller(pixels.workers, images * divide_up(pixels.panels, pixels.share));
  return pixels;
}

double vector_pixel_relative_time(const vector_convolution *convolution, const vector_pixels *pixels) {
  double channels = (double)(pixels->blocks * pixels->loops->channels) / (double)convolution->in_channels;
  double columns = (double)pixels->sums_step / (double)(pixels->rows * (size_t)convolution->spatial.output[2]);
  /* Lines are made for all filters together, each in the time of so many multiplications, and again for every span
   * that sees their pixel. */
  const double line_cost = 8;
  const vector_spatial *spatial = &convolution->spatial;
  double seen = (double)(pixels->seen_planes * pixels->seen_rows) * (double)padded_extent(spatial, 2);
  double lines = seen * (double)(pixels->spans * (size_t)spatial->output[0]) / (double)convolution->out_plane;
  /* Filters are convolved by a vector, full or not, as they are by others. */
  double products = (double)(convolution->taps * round_up(convolution->out_channels, vector_picked->lanes));
  return (double)pixels->loops->time * channels * columns + lines * line_cost / products;
}

void vector_fill_offsets(const vector_convolution *convolution, const vector_pixels *pixels) {
  const vector_spatial *spatial = &convolution->spatial;
  size_t width = (size_t)padded_extent(spatial, 2);
  ptrdiff_t *offset = pixels->offsets;
  for (size_t block = 0; block < pixels->blocks; block++)
    for (size_t tap = 0; tap < convolution->taps; tap++) {
      int32_t at[VECTOR_SPATIAL];
      vector_place_tap(spatial, tap, at);
      size_t row = (size_t)at[0] * pixels->seen_rows + (size_t)at[1];
      *offset++ = (ptrdiff_t)((block * pixels->seen + row * width + (size_t)at[2]) * pixels->loops->bytes);
    }
}

size_t vector_pixel_filter_floats(const vector_pixels *pixels) {
  return pixels->panels * pixels->steps * pixels->loops->step_floats;
}

static size_t image_bytes(const vector_pixels *pixels) { return pixels->blocks * pixels->seen * pixels->loops->bytes; }

static size_t worker_bytes(const vector_pixels *pixels) {
  return image_bytes(pixels) + pixels->sums_step * vector_picked->tile_columns * sizeof(float);
}

size_t vector_pixel_workspace(const vector_pixels *pixels) { return pixels->workers * worker_bytes(pixels); }

typedef struct pixel_job {
  const vector_convolution *convolution;
  const vector_pixels *pixels;
  const vector_pixel_image *image;
  char *workspace;
  float *y;
  void (*finish)(const void *, const vector_product_part *);
  const void *argument;
  _Atomic size_t next;
} pixel_job;

/* Output rows of one plane of an item, which is a group of an image of the batch. */
typedef struct span {
  size_t item, plane, first, rows;
} span;

/* A row of some channels, of which `row` is the first one's, with the padding around it; NULL for one of padding. */
static void copy_row(const pixel_job *job, uint8_t *into, const char *row, size_t channels) {
  const vector_pixel_loops *loops = job->pixels->loops;
  const vector_spatial *spatial = &job->convolution->spatial;
  size_t bytes = (size_t)padded_extent(spatial, 2) * loops->bytes, width = (size_t)spatial->input[2];
  size_t before = row ? (size_t)spatial->pad_begin[2] * loops->bytes : bytes;
  memset(into, job->image->padding, before);
  if (!row) return;
  loops->from_planes(into + before, row, job->convolution->in_plane, width, channels, job->image->flip);
  size_t written = before + width * loops->bytes;
  memset(into + written, job->image->padding, bytes - written);
}

/* What a span sees of the image. */
static void copy_seen(const pixel_job *job, const span *span, uint8_t *into) {
  const vector_convolution *convolution = job->convolution;
  const vector_spatial *spatial = &convolution->spatial;
  const vector_pixels *pixels = job->pixels;
  const int64_t *input = spatial->input;
  const int64_t plane = (int64_t)span->plane * spatial->stride[0] - spatial->pad_begin[0];
  const int64_t first = (int64_t)span->first * spatial->stride[1] - spatial->pad_begin[1];
  size_t row_bytes = (size_t)padded_extent(spatial, 2) * pixels->loops->bytes;
  size_t rows = seen_along(spatial, 1, span->rows);
  for (size_t block = 0; block < pixels->blocks; block++) {
    size_t channel = block * pixels->loops->channels;
    size_t channels = smaller(convolution->in_channels - channel, pixels->loops->channels);
    const char *x = (const char *)job->image->x +
                    (span->item * convolution->in_channels + channel) * convolution->in_plane * pixels->loops->element;
    for (size_t at = 0; at < pixels->seen_planes; at++)
      for (size_t row = 0; row < rows; row++) {
        int64_t i = plane + (int64_t)at, j = first + (int64_t)row;
        bool inside = i >= 0 && i < input[0] && j >= 0 && j < input[1];
        uint8_t *to = into + block * pixels->seen * pixels->loops->bytes + (at * pixels->seen_rows + row) * row_bytes;
        size_t pixel = (size_t)(i * input[1] + j) * (size_t)input[2];
        copy_row(job, to, inside ? x + pixel * pixels->loops->element : NULL, channels);
      }
  }
}

static void run_panel(const pixel_job *job, const span *span, size_t panel, const uint8_t *image, float *sums) {
  const vector_convolution *convolution = job->convolution;
  const vector_spatial *spatial = &convolution->spatial;
  const vector_pixels *pixels = job->pixels;
  const vector_pixel_loops *loops = pixels->loops;
  size_t rows = span->rows, row = (size_t)spatial->output[2], wide = vector_picked->tile_columns;
  size_t first = panel * wide, channels = smaller(convolution->out_channels - first, wide);
  size_t pixel_step = (size_t)spatial->stride[2] * loops->bytes;
  size_t row_step = (size_t)(spatial->stride[1] * padded_extent(spatial, 2)) * loops->bytes;
  const float *filters = convolution->packed + span->item % convolution->groups * convolution->packed_group +
                         panel * pixels->steps * loops->step_floats;
  if (pixels->is_one_run)
    loops->convolve(sums, pixels->sums_step, image, pixel_step, (rows - 1) * pixels->pitch + row, pixels->offsets,
                    pixels->steps, filters, channels);
  for (size_t i = 0; i < rows && !pixels->is_one_run; i++)
    loops->convolve(sums + i * pixels->pitch, pixels->sums_step, image + i * row_step, pixel_step, row,
                    pixels->offsets, pixels->steps, filters, channels);

  vector_product_part part = {.c_step = convolution->out_plane, .row = first,
                              .column = (span->plane * (size_t)spatial->output[1] + span->first) * row,
                              .rows = channels, .columns = rows * row};
  part.c = job->y + (span->item * convolution->out_channels + first) * convolution->out_plane + part.column;
  for (size_t channel = 0; channel < channels; channel++)
    for (size_t i = 0; i < rows; i++)
      memcpy(part.c + channel * part.c_step + i * row, sums + channel * pixels->sums_step + i * pixels->pitch,
             row * sizeof(float));
  job->finish(job->argument, &part);
}

static void run_worker(void *argument, size_t worker) {
  pixel_job *job = argument;
  const vector_convolution *convolution = job->convolution;
  const vector_spatial *spatial = &convolution->spatial;
  const vector_pixels *pixels = job->pixels;
  const size_t shares = divide_up(pixels->panels, pixels->share), planes = (size_t)spatial->output[0];
  const size_t images = convolution->batch * convolution->groups * planes * pixels->spans;
  uint8_t *image = (uint8_t *)job->workspace + worker * worker_bytes(pixels);
  float *sums = (float *)(void *)(image + image_bytes(pixels));
  size_t copied = images;
  for (size_t index; (index = atomic_fetch_add(&job->next, 1)) < images * shares;) {
    size_t seen = index / shares, rest = seen / pixels->spans, first = seen % pixels->spans * pixels->rows;
    span span = {rest / planes, rest % planes, first, smaller((size_t)spatial->output[1] - first, pixels->rows)};
    if (seen != copied) copy_seen(job, &span, image);
    copied = seen;
    size_t panel = index % shares * pixels->share, end = smaller(panel + pixels->share, pixels->panels);
    for (; panel < end; panel++) run_panel(job, &span, panel, image, sums);
  }
}

void vector_run_pixels(const oneiro_call *call, const vector_convolution *convolution, const vector_pixels *pixels,
                       const vector_pixel_image *image, void *workspace, float *y,
                       void (*finish)(const void *argument, const vector_product_part *part), const void *argument) {
  pixel_job job = {convolution, pixels, image, workspace, y, finish, argument, 0};
  vector_parallel_workers(call, smaller(pixels->workers, (size_t)call->threads), run_worker, &job);
}
