/* QuantizedConv by Winograd's formula, in whole numbers of 16 bits, two channels in the place of a float: a quarter of
 * the multiplications, at half the speed of those of bytes at least. What bytes and filters become is exact, and the
 * sums of their products become floats before 32 bits could be too few for them. So all that is rounded are those
 * sums, as floats, the factors that they have, and what the last transform makes of them.
 *
 * The filters are transformed in every run: transformed they would be eight times as large as in the file. */
#include <math.h>
#include <stdlib.h>

#include "activation.h"
#include "families.h"
#include "quantized.h"
#include "quantized_winograd_filters.h"
#include "sizes.h"
#include "tiles.h"
#include "winograd.h"

enum { TILE = VECTOR_WINOGRAD_TILE, PRODUCTS = VECTOR_WINOGRAD_PRODUCTS, SIDE = VECTOR_WINOGRAD_SIDE };

/* The factors that the rows of G have in common, by product along an axis. */
static const float filter_factors[SIDE] = {1.0f / 4, -1.0f / 6, -1.0f / 6, 1.0f / 24, 1.0f / 24, 1};

static int32_t describe(const oneiro_node *node, vector_convolution *convolution, oneiro_text *why) {
  int32_t status = vector_describe_quantized_convolution(node, false, convolution, why);
  return status ? status : vector_winograd_supports(convolution, why);
}

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  vector_convolution convolution;
  vector_unary_loop activation;
  int32_t status = describe(node, &convolution, why);
  if (!status) status = vector_activation_of(node, &activation, why);
  if (!status) status = vector_require_quantized(node, node->outputs[0].dims[1], 0, why);
  return status ? status : vector_require_added(node, why);
}

typedef struct winograd_state {
  vector_tiles tiles;
  vector_convolution convolution;
  vector_unary_loop activation;
  bool adds_channels;
  size_t factor_step;
} winograd_state;

static int32_t prepare(oneiro_call *call) {
  const oneiro_node *node = call->node;
  winograd_state described = {0};
  size_t block = 0;
  int32_t status = describe(node, &described.convolution, call->why);
  if (!status) status = vector_activation_of(node, &described.activation, call->why);
  if (status) return status;
  const vector_byte_filters filters = vector_byte_filters_of(node->inputs, node->input_count);
  status = vector_choose_pair_block(call, &filters, &block);
  if (status) return status;
  const vector_convolution *convolution = &described.convolution;
  const vector_product_loops *loops = &vector_picked->product[VECTOR_PAIRS];
  const size_t depth = divide_up(convolution->in_channels, VECTOR_PAIR_CHANNELS);
  described.adds_channels = oneiro_has_input(node, QUANTIZED_ADDED) &&
                            !vector_same_dims(&node->inputs[QUANTIZED_ADDED], &node->outputs[0]);
  const vector_tile_formula formula = {.loops = loops, .tile = TILE, .products = PRODUCTS, .depth = depth,
                                       .block = smaller(depth, block)};
  described.tiles = vector_plan_tiles(convolution, &formula, call->threads);
  described.factor_step = vector_whole_lines(round_up(convolution->out_channels, loops->rows));
  size_t byte_count = sizeof described + vector_tile_run_bytes(convolution, TILE);
  winograd_state *state = vector_new_state(byte_count);
  if (!state) return vector_out_of_memory(call->why, byte_count);
  *state = described;
  vector_lay_tile_runs(&state->tiles, convolution, TILE, state + 1);
  call->state = state;
  call->workspace_byte_count =
      vector_whole_lines(vector_tile_workspace(&state->tiles) / sizeof(float)) * sizeof(float) +
      ((PRODUCTS + 1) * state->factor_step + vector_output_floats(node)) * sizeof(float);
  return ONEIRO_OK;
}

typedef struct winograd_job {
  const winograd_state *state;
  vector_byte_image image;
  vector_byte_filters filters;
  const float *bias, *added;
  float *y;
} winograd_job;

static void transform_input(const void *argument, float *into, size_t step, size_t pair, const vector_tile_run *runs,
                            size_t count) {
  const winograd_job *job = argument;
  const vector_byte_image image = vector_channel_pair(&job->image, pair);
  vector_picked->winograd_byte_input(into, step, &image, runs, count);
}

static void transform_filters(const void *argument, float *into, size_t step, size_t row, size_t rows, size_t k,
                              size_t depth) {
  const winograd_job *job = argument;
  vector_transform_byte_filters(&job->filters, into, step, row, rows, k, depth);
}

static void transform_output(const void *argument, size_t row, const float *products, size_t step,
                             const vector_tile_run *runs, size_t count) {
  const winograd_job *job = argument;
  const winograd_state *state = job->state;
  const vector_convolution *convolution = &state->convolution;
  size_t plane = convolution->out_plane, outputs = convolution->out_channels;
  const float *pixels = state->adds_channels ? NULL : job->added, *images = state->adds_channels ? job->added : NULL;
  const vector_winograd_channel channel = {
      .y = job->y + row * plane, .image_step = outputs * plane, .height = convolution->spatial.output[1],
      .width = convolution->spatial.output[2], .bias = job->bias ? job->bias[row] : 0,
      .image_bias = images ? images + row : NULL, .channels = outputs, .added = pixels ? pixels + row * plane : NULL,
      .activation = state->activation};
  vector_picked->winograd_output(&channel, products, step, runs, count);
}

/* What the sums of each product mean, from what those of a channel do; zeros for what fills up its panel of A. */
static void fill_factors(const winograd_state *state, float *factors, const float *of_channels) {
  for (size_t product = 0; product < PRODUCTS; product++, factors += state->factor_step) {
    float factor = filter_factors[product / SIDE] * filter_factors[product % SIDE];
    for (size_t row = 0; row < state->factor_step; row++)
      factors[row] = row < state->convolution.out_channels ? of_channels[row] * factor : 0;
  }
}

static int32_t compute(const oneiro_call *call) {
  const winograd_state *state = call->state;
  const vector_convolution *convolution = &state->convolution;
  const size_t outputs = convolution->out_channels;
  float *factors = (float *)call->workspace + vector_whole_lines(vector_tile_workspace(&state->tiles) / sizeof(float));
  float *of_channels = factors + PRODUCTS * state->factor_step, *result = of_channels + state->factor_step;
  const vector_output_bytes output = vector_output_bytes_of(call);
  const vector_activations activations = vector_activations_of(call);
  winograd_job job = {
      .state = state, .image = vector_byte_image_of(call, &activations),
      .filters = vector_byte_filters_of(call->inputs, call->node->input_count),
      .bias = oneiro_has_input(call->node, QUANTIZED_BIAS) ? call->inputs[QUANTIZED_BIAS].data : NULL,
      .added = oneiro_has_input(call->node, QUANTIZED_ADDED) ? call->inputs[QUANTIZED_ADDED].data : NULL,
      .y = output.bytes ? result : call->outputs[0].data};
  for (size_t axis = 0; axis < 2; axis++) job.image.pad[axis] = convolution->spatial.pad_begin[axis + 1];
  vector_scale_sums(call, &activations, NULL, outputs, NULL, of_channels);
  fill_factors(state, factors, of_channels);
  const vector_tile_work work = {.argument = &job, .transform_input = transform_input,
                                 .transform_filters = transform_filters, .transform_output = transform_output,
                                 .factors = factors, .factor_step = state->factor_step};
  vector_run_tiles(call, &state->tiles, &work);
  if (output.bytes) vector_write_planes(call, &output, job.y, convolution->batch * outputs, convolution->out_plane);
  return ONEIRO_OK;
}

/* In terms of a convolution of floats by its definition, whose products of a tile are 144: 36 of pairs, and the
 * transforms, each by instructions for each of its numbers. */
static double relative_time(const oneiro_node *node, int32_t threads) {
  (void)threads;
  vector_convolution convolution;
  if (describe(node, &convolution, NULL)) return INFINITY;
  double tiles = (double)vector_tile_count(&convolution, TILE), wide = (double)vector_picked->tile_columns;
  double filters = 16 / (tiles * TILE), input = 1 / (double)convolution.out_channels;
  double output = 1 / (double)convolution.in_channels, channels = (double)convolution.out_channels;
  size_t least = vector_least_rows(&vector_picked->product[VECTOR_PAIRS]);
  double rows = (double)round_up(convolution.out_channels, least);
  double filled = ceil(tiles / wide) * wide / tiles * rows / channels;
  return (double)vector_picked->time_of_pairs / 4 * filled + filters + input + output;
}

static const vector_kernel kernels[] = {
    {"QuantizedConv", 1, supports, prepare, compute, free, "ai.oneiro", relative_time, "Winograd, 16 bits",
     ONEIRO_KERNEL_APPROXIMATE, .pairs = true},
};
VECTOR_FAMILY(vector_quantized_winograd, kernels);
