/* Tiles of 4 x 4 outputs, made of 36 products. */
#include "winograd.h"

#include <stdlib.h>

#include "tiles.h"
#include "sizes.h"

enum { PRODUCTS = VECTOR_WINOGRAD_PRODUCTS, TILE = VECTOR_WINOGRAD_TILE };

typedef struct winograd_state {
  vector_tiles tiles;
  size_t in_channels, out_channels;
  int64_t input[2], output[2], pad[2];
  vector_ending ending;
} winograd_state;

/* Measured per channel pair and per tile of a channel, in operations at the speed of a product. */
static double cost_of(const vector_convolution *convolution) {
  enum { FILTER_COST = 1200 };
  double in = (double)convolution->in_channels, out = (double)convolution->out_channels;
  double rows = (double)round_up(convolution->out_channels, vector_least_rows(vector_floats()));
  size_t count = vector_tile_count(convolution, TILE);
  double tiles = (double)count, padded = (double)round_up(count, vector_picked->tile_columns);
  return in * rows * (2 * PRODUCTS * padded + FILTER_COST) + tiles * (in + out) * vector_picked->winograd_tile_cost;
}

int32_t vector_winograd_supports(const vector_convolution *convolution, oneiro_text *why) {
  const vector_spatial *spatial = &convolution->spatial;
  if (convolution->transposed || spatial->axes != 2)
    return vector_refuse(why, "Winograd: no convolution over two axes");
  if (convolution->groups != 1) return vector_refuse(why, "Winograd: %zu groups", convolution->groups);
  for (int32_t at = 1; at < VECTOR_SPATIAL; at++)
    if (spatial->kernel[at] != 3 || spatial->stride[at] != 1 || spatial->dilation[at] != 1)
      return vector_refuse(why, "Winograd: no 3 x 3 filters at every pixel");
  if (convolution->in_channels == 0 || convolution->out_channels == 0 || vector_tile_count(convolution, TILE) == 0)
    return vector_refuse(why, "Winograd: nothing to compute");
  return ONEIRO_OK;
}

double vector_winograd_relative_time(const vector_convolution *convolution) {
  /* Direct convolutions take output channels in blocks of a vector, full or not. */
  enum { BLOCK = 16 };
  double direct = 18.0 * (double)convolution->batch * (double)convolution->out_plane *
                  (double)convolution->in_channels * (double)round_up(convolution->out_channels, BLOCK);
  return cost_of(convolution) / direct;
}

int32_t vector_winograd_supports_fused(const oneiro_node *node, const vector_convolution *convolution,
                                       oneiro_text *why) {
  vector_ending ending;
  int32_t status = vector_describe_ending(node, &ending, why);
  if (!status) status = vector_winograd_supports(convolution, why);
  if (status) return status;
  if (vector_winograd_relative_time(convolution) > 0.8) return vector_refuse(why, "Winograd: too little to save");
  return ONEIRO_OK;
}

int32_t vector_winograd_prepare(oneiro_call *call) {
  vector_convolution convolution;
  int32_t status = vector_describe_convolution(call->node, false, &convolution, call->why);
  if (!status) status = vector_describe_ending(call->node, &convolution.ending, call->why);
  if (status) return status;
  const vector_spatial *spatial = &convolution.spatial;
  size_t byte_count = sizeof(winograd_state) + vector_tile_run_bytes(&convolution, TILE);
  winograd_state *state = vector_new_state(byte_count);
  if (!state) return vector_out_of_memory(call->why, byte_count);
  const vector_tile_formula formula = {.loops = vector_floats(), .tile = TILE, .products = PRODUCTS,
                                       .depth = convolution.in_channels, .block = convolution.in_channels};
  *state = (winograd_state){.tiles = vector_plan_tiles(&convolution, &formula, call->threads),
                            .in_channels = convolution.in_channels, .out_channels = convolution.out_channels,
                            .input = {spatial->input[1], spatial->input[2]},
                            .output = {spatial->output[1], spatial->output[2]},
                            .pad = {spatial->pad_begin[1], spatial->pad_begin[2]}, .ending = convolution.ending};
  vector_lay_tile_runs(&state->tiles, &convolution, TILE, state + 1);
  call->state = state;
  call->workspace_byte_count = vector_tile_workspace(&state->tiles);
  return ONEIRO_OK;
}

typedef struct winograd_job {
  const winograd_state *state;
  const float *x, *filters, *bias, *added;
  const vector_weights *weights;          /* in the place of filters */
  float *y;
} winograd_job;

static void transform_input(const void *argument, float *into, size_t step, size_t channel,
                            const vector_tile_run *runs, size_t count) {
  const winograd_job *job = argument;
  const winograd_state *state = job->state;
  size_t plane = (size_t)(state->input[0] * state->input[1]);
  const vector_tile_image image = {job->x + channel * plane, state->in_channels * plane, state->input[0],
                                       state->input[1], {state->pad[0], state->pad[1]}};
  vector_picked->winograd_input(into, step, &image, runs, count);
}

static void transform_filters(const void *argument, float *into, size_t step, size_t row, size_t rows, size_t first,
                              size_t depth) {
  enum { TAPS = 9, CHANNELS = 32, MOST_ROWS = 32 };
  const winograd_job *job = argument;
  const size_t high = vector_floats()->rows;
  (void)first;   /* 0: the whole depth */
  if (!job->weights) {
    vector_picked->winograd_filters(into, step, job->filters + row * depth * TAPS, rows, depth);
    return;
  }
  float widened[MOST_ROWS * CHANNELS * TAPS];
  for (size_t k = 0; k < depth; k += CHANNELS) {
    size_t count = smaller(CHANNELS, depth - k);
    for (size_t i = 0; i < rows; i++)
      vector_widen(job->weights, widened + i * count * TAPS, ((row + i) * depth + k) * TAPS, count * TAPS);
    vector_picked->winograd_filters(into + k * high, step, widened, rows, count);
  }
}

static void transform_output(const void *argument, size_t row, const float *products, size_t step,
                             const vector_tile_run *runs, size_t count) {
  const winograd_job *job = argument;
  const winograd_state *state = job->state;
  size_t plane = (size_t)(state->output[0] * state->output[1]);
  bool adds_channels = state->ending.added == VECTOR_ADDS_CHANNELS;
  const float *pixels = adds_channels ? NULL : job->added, *images = adds_channels ? job->added : NULL;
  vector_winograd_channel channel = {
      .y = job->y + row * plane, .image_step = state->out_channels * plane, .height = state->output[0],
      .width = state->output[1], .bias = job->bias ? job->bias[row] : 0, .image_bias = images ? images + row : NULL,
      .channels = state->out_channels, .added = pixels ? pixels + row * plane : NULL,
      .activation = state->ending.activation};
  vector_picked->winograd_output(&channel, products, step, runs, count);
}

int32_t vector_winograd_compute(const oneiro_call *call) { return vector_winograd_convolve(call, NULL); }

int32_t vector_winograd_convolve(const oneiro_call *call, const vector_weights *weights) {
  const winograd_state *state = call->state;
  const winograd_job job = {.state = state, .x = call->inputs[0].data, .filters = call->inputs[1].data,
                            .weights = weights,
                            .bias = oneiro_has_input(call->node, 2) ? call->inputs[2].data : NULL,
                            .added = vector_added_of(call), .y = call->outputs[0].data};
  const vector_tile_work work = {&job, transform_input, transform_filters, transform_output, NULL};
  vector_run_tiles(call, &state->tiles, &work);
  return ONEIRO_OK;
}
