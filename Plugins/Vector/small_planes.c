/* Y' [pixel, out channel] = X' [pixel, in channel] W' [in channel, out channel], image by image. The filters are the
 * operand that is packed once and read from front to back once a run, however few the pixels are. */
#include "small_planes.h"
#include "sizes.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Multiplications below which a second thread costs more than it saves, and panels that a worker takes at a time. */
static const double WORTH_SHARING = 1e5;
enum { PANELS = 4 };

typedef struct small_planes_state {
  size_t batch, pixels, depth, channels;
  size_t rows;                          /* of the product: pixels of an image up to whole tiles, or images of one */
  size_t packed_floats, worker_floats, workers;
  vector_ending ending;
  const float *filters;                 /* panels of columns */
} small_planes_state;

static int32_t describe(const oneiro_node *node, vector_convolution *convolution, oneiro_text *why) {
  int32_t status = vector_require_floats(node, why);
  if (!status) status = vector_describe_convolution(node, false, convolution, why);
  return status ? status : vector_describe_ending(node, &convolution->ending, why);
}

/* What the tiles multiply with pixels as rows, in terms of what they do with pixels as columns. */
static double share_of(const vector_convolution *convolution) {
  size_t pixels = convolution->out_plane;
  size_t rows = round_up(pixels, pixels == 1 ? 1 : vector_least_rows(vector_floats()));
  return (double)rows / (double)round_up(pixels, vector_picked->tile_columns);
}

int32_t vector_small_planes_supports(const oneiro_node *node, oneiro_text *why) {
  vector_convolution convolution;
  int32_t status = describe(node, &convolution, why);
  if (status) return status;
  if (!convolution.pointwise || convolution.groups != 1)
    return vector_refuse(why, "small planes: no plain filters of one pixel");
  if (!node->inputs[1].data) return vector_refuse(why, "small planes: the filters are no constant");
  if (convolution.batch * convolution.out_plane * convolution.in_channels * convolution.out_channels == 0)
    return vector_refuse(why, "small planes: nothing to compute");
  if (share_of(&convolution) > 0.75) return vector_refuse(why, "small planes: pixels fill the columns of tiles");
  return ONEIRO_OK;
}

double vector_small_planes_relative_time(const oneiro_node *node, int32_t threads) {
  (void)threads;
  vector_convolution convolution;
  if (describe(node, &convolution, NULL)) return INFINITY;
  /* Not so little that whoever else promises what the definition takes is left out of a measurement. */
  return fmax(share_of(&convolution) + 0.1, 0.7);
}

int32_t vector_small_planes_prepare(oneiro_call *call) {
  vector_convolution convolution;
  int32_t status = describe(call->node, &convolution, call->why);
  if (status) return status;
  size_t depth = convolution.in_channels, channels = convolution.out_channels, pixels = convolution.out_plane;
  size_t filter_floats = vector_packed_columns_floats(VECTOR_FLOATS, channels, depth);
  size_t byte_count = filter_floats * sizeof(float);
  vector_packing packing;
  small_planes_state *state = vector_new_packed(call, sizeof *state, byte_count, &packing);
  if (!state) return vector_out_of_memory(call->why, byte_count);
  size_t rows = pixels == 1 ? convolution.batch : round_up(pixels, vector_least_rows(vector_floats()));
  *state = (small_planes_state){.batch = convolution.batch, .pixels = pixels, .depth = depth, .channels = channels,
                                .rows = rows, .ending = convolution.ending, .filters = packing.memory};
  if (!packing.is_filled)
    vector_floats()->pack_columns(packing.memory, call->node->inputs[1].data, channels, depth, 1, (ptrdiff_t)depth);
  oneiro_set_packed(call, 1);
  size_t panels = divide_up(channels, vector_picked->tile_columns);
  double work = (double)convolution.batch * (double)pixels * (double)channels * (double)depth;
  state->workers = work > WORTH_SHARING ? smaller((size_t)call->threads, divide_up(panels, PANELS)) : 1;
  state->packed_floats = pixels == 1 ? 0 : vector_packed_rows_floats(VECTOR_FLOATS, pixels, depth);
  state->worker_floats = rows * PANELS * vector_picked->tile_columns;
  call->state = state;
  call->workspace_byte_count = (state->packed_floats + state->workers * state->worker_floats) * sizeof(float);
  return ONEIRO_OK;
}

typedef struct small_planes_job {
  const small_planes_state *state;
  const float *x, *bias, *added;        /* of one image, or of all images of one pixel */
  float *y, *packed, *workspace;
  size_t image, groups;
  _Atomic size_t next;
} small_planes_job;

/* Adds and activates what lies in a piece of Y, one image's channels from `channel` on. */
static void finish(const small_planes_job *job, float *y, size_t image, size_t channel, size_t channels) {
  const small_planes_state *state = job->state;
  size_t first = image * state->channels + channel, count = channels * state->pixels;
  if (job->added && (state->ending.added == VECTOR_ADDS_PIXELS || state->pixels == 1))
    vector_picked->binary[VECTOR_ADD][VECTOR_F32](y, y, job->added + first * state->pixels, count, 1, 1);
  else if (job->added)
    for (size_t i = 0; i < channels; i++)
      vector_picked->affine(y + i * state->pixels, y + i * state->pixels, state->pixels, 0, 1, job->added[first + i]);
  if (state->ending.activation) state->ending.activation(y, y, count, NULL);
}

static void run_panels(const small_planes_job *job, size_t first, float *memory) {
  const small_planes_state *state = job->state;
  const vector_loops *loops = vector_picked;
  size_t wide = loops->tile_columns, lanes = loops->lanes, pixels = state->pixels;
  size_t channels = smaller(state->channels - first, PANELS * wide), columns = round_up(channels, wide);
  const float *filters = state->filters + first * state->depth;
  bool has_one_pixel = pixels == 1;
  if (has_one_pixel)
    loops->multiply_state(memory, columns, job->x, state->depth, filters, state->rows, columns, state->depth);
  else
    vector_floats()->multiply(memory, columns, job->packed, filters, state->rows, columns, state->depth, 0,
                    filters + columns * state->depth);
  for (size_t row = 0; job->bias && row < (has_one_pixel ? state->rows : pixels); row++) {
    float *at = memory + row * columns;
    loops->binary[VECTOR_ADD][VECTOR_F32](at, at, job->bias + first, channels, 1, 1);
  }
  if (has_one_pixel) {
    for (size_t image = 0; image < state->batch; image++) {
      float *y = job->y + image * state->channels + first;
      memcpy(y, memory + image * columns, channels * sizeof(float));
      finish(job, y, image, first, channels);
    }
    return;
  }
  float *y = job->y + (job->image * state->channels + first) * pixels, *end = y + channels * pixels;
  for (size_t lane = 0; lane < channels; lane += lanes)
    loops->planes_from_lanes(y + lane * pixels, pixels, memory + lane, columns, pixels, smaller(lanes, channels - lane),
                             end);
  finish(job, y, job->image, first, channels);
}

static void run_worker(void *argument, size_t worker) {
  small_planes_job *job = argument;
  float *memory = job->workspace + worker * job->state->worker_floats;
  size_t group = PANELS * vector_picked->tile_columns;
  for (size_t index; (index = atomic_fetch_add(&job->next, 1)) < job->groups;) run_panels(job, index * group, memory);
}

int32_t vector_small_planes_compute(const oneiro_call *call) {
  const small_planes_state *state = call->state;
  size_t group = PANELS * vector_picked->tile_columns;
  float *workspace = call->workspace;
  small_planes_job job = {.state = state, .x = call->inputs[0].data,
                          .bias = oneiro_has_input(call->node, 2) ? call->inputs[2].data : NULL,
                          .added = vector_added_of(call), .y = call->outputs[0].data, .packed = workspace,
                          .workspace = workspace + state->packed_floats, .groups = divide_up(state->channels, group)};
  for (; job.image < (state->pixels == 1 ? 1 : state->batch); job.image++) {
    if (state->pixels > 1)
      vector_floats()->pack_rows(job.packed, job.x + job.image * state->depth * state->pixels, state->pixels,
                               state->depth, 1, (ptrdiff_t)state->pixels, 1);
    atomic_store(&job.next, 0);
    vector_parallel_workers(call, smaller(state->workers, (size_t)call->threads), run_worker, &job);
  }
  return ONEIRO_OK;
}
