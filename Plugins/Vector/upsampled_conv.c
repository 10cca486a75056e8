/* UpsampledConv: an image is enlarged by two and convolved, in one: nine multiplications for four pixels. */
#include "upsampled.h"

#include <math.h>
#include <stdlib.h>

#include "families.h"
#include "winograd.h"

int32_t vector_describe_upsampled(const oneiro_node *node, vector_convolution *convolution, oneiro_text *why) {
  const oneiro_tensor *x = &node->inputs[0];
  if (node->input_count < 2 || x->rank != 4) return vector_refuse(why, "no convolution over two axes");
  int64_t dims[] = {x->dims[0], x->dims[1], 2 * x->dims[2], 2 * x->dims[3]};
  oneiro_tensor inputs[] = {*x, node->inputs[1], {.element_type = ONEIRO_TYPE_ABSENT}};
  inputs[0].dims = dims;
  if (oneiro_has_input(node, 2)) inputs[2] = node->inputs[2];
  oneiro_node enlarged = *node;
  enlarged.inputs = inputs;
  enlarged.input_count = 3;
  int32_t status = vector_describe_convolution(&enlarged, false, convolution, why);
  if (!status) status = vector_winograd_supports(convolution, why);
  if (status) return status;
  const vector_spatial *spatial = &convolution->spatial;
  for (int32_t at = 1; at < VECTOR_SPATIAL; at++)
    if (spatial->pad_begin[at] != 1 || spatial->pad_end[at] != 1) return vector_refuse(why, "the padding is not 1");
  return ONEIRO_OK;
}

/* Channels below which an image is enlarged sooner than transformed. Not a question of its extents: bands of it are to be
 * computed as the whole is. */
enum { LEAST_CHANNELS = 8 };

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  vector_convolution convolution;
  int32_t status = vector_require_floats(node, why);
  if (!status) status = vector_describe_upsampled(node, &convolution, why);
  if (!status) status = vector_describe_ending(node, &convolution.ending, why);
  if (status) return status;
  size_t depth = convolution.in_channels * convolution.taps;
  if (convolution.in_channels < LEAST_CHANNELS || convolution.out_channels < LEAST_CHANNELS)
    return vector_refuse(why, "too few channels");
  if (vector_picked->time_of_split > 0 &&
      vector_split_relative_time(convolution.out_channels, convolution.out_plane, depth) <
          vector_winograd_relative_time(&convolution))
    return vector_refuse(why, "products of split floats are faster");
  return ONEIRO_OK;
}

typedef struct upsampled_state {
  vector_tiles tiles;
  vector_convolution convolution;
} upsampled_state;

static int32_t prepare(oneiro_call *call) {
  vector_convolution convolution;
  int32_t status = vector_describe_upsampled(call->node, &convolution, call->why);
  if (!status) status = vector_describe_ending(call->node, &convolution.ending, call->why);
  if (status) return status;
  size_t byte_count = sizeof(upsampled_state) + vector_tile_run_bytes(&convolution, VECTOR_UPSAMPLED_TILE);
  upsampled_state *state = vector_new_state(byte_count);
  if (!state) return vector_out_of_memory(call->why, byte_count);
  state->convolution = convolution;
  const vector_tile_formula formula = {.loops = vector_floats(), .tile = VECTOR_UPSAMPLED_TILE,
                                       .products = VECTOR_UPSAMPLED_PRODUCTS, .depth = convolution.in_channels,
                                       .block = convolution.in_channels};
  state->tiles = vector_plan_tiles(&convolution, &formula, call->threads);
  vector_lay_tile_runs(&state->tiles, &convolution, VECTOR_UPSAMPLED_TILE, state + 1);
  call->state = state;
  call->workspace_byte_count = vector_tile_workspace(&state->tiles);
  return ONEIRO_OK;
}

typedef struct upsampled_job {
  const vector_convolution *convolution;
  const float *x, *filters, *bias, *added;
  float *y;
} upsampled_job;

static void transform_input(const void *argument, float *into, size_t step, size_t channel,
                            const vector_tile_run *runs, size_t count) {
  const upsampled_job *job = argument;
  const int64_t *output = job->convolution->spatial.output;
  size_t plane = job->convolution->out_plane / 4;
  const vector_tile_image image = {job->x + channel * plane, job->convolution->in_channels * plane, output[1] / 2,
                                   output[2] / 2, {0}};
  vector_picked->upsampled_input(into, step, &image, runs, count);
}

static void transform_filters(const void *argument, float *into, size_t step, size_t row, size_t rows, size_t k,
                              size_t depth) {
  const upsampled_job *job = argument;
  const size_t taps = job->convolution->taps;
  (void)k;   /* 0: the whole depth */
  vector_picked->upsampled_filters(into, step, job->filters + row * depth * taps, rows, depth);
}

static void transform_output(const void *argument, size_t row, const float *products, size_t step,
                             const vector_tile_run *runs, size_t count) {
  enum { LINE = 2 * (VECTOR_MOST_LINES + VECTOR_MOST_LANES) };
  const upsampled_job *job = argument;
  const vector_convolution *convolution = job->convolution;
  const vector_ending *ending = &convolution->ending;
  vector_binary_loop add = vector_picked->binary[VECTOR_ADD][VECTOR_F32];
  for (const vector_tile_run *run = runs; run < runs + count; run++) {
    float lines[2][LINE];
    size_t pixels = 2 * run->count, plane = run->image * convolution->out_channels + row;
    vector_picked->upsampled_output(lines[0], LINE, products + run->lane, step, run->count);
    float start = vector_plane_start(convolution, plane, job->bias, job->added);
    for (size_t line = 0; line < 2; line++) {
      size_t at = plane * convolution->out_plane +
                  ((size_t)run->out_y + line) * (size_t)convolution->spatial.output[2] + (size_t)run->out_x;
      float *y = job->y + at;
      add(y, lines[line], &start, pixels, 1, 0);
      if (ending->added == VECTOR_ADDS_PIXELS) add(y, y, job->added + at, pixels, 1, 1);
      if (ending->activation) ending->activation(y, y, pixels, NULL);
    }
  }
}

static int32_t compute(const oneiro_call *call) {
  const upsampled_state *state = call->state;
  const upsampled_job job = {&state->convolution, call->inputs[0].data, call->inputs[1].data,
                             oneiro_has_input(call->node, 2) ? call->inputs[2].data : NULL, vector_added_of(call),
                             call->outputs[0].data};
  const vector_tile_work work = {&job, transform_input, transform_filters, transform_output, NULL};
  vector_run_tiles(call, &state->tiles, &work);
  return ONEIRO_OK;
}

static double relative_time(const oneiro_node *node, int32_t threads) {
  (void)threads;
  vector_convolution convolution;
  if (vector_describe_upsampled(node, &convolution, NULL)) return INFINITY;
  return vector_winograd_relative_time(&convolution);
}

static const vector_kernel kernels[] = {
    {"UpsampledConv", 1, supports, prepare, compute, free, "ai.oneiro", relative_time, "by differences",
     ONEIRO_KERNEL_APPROXIMATE},
};
VECTOR_FAMILY(vector_upsampled_conv, kernels);
