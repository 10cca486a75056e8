/* QuantizedConv by Winograd's formula, in whole numbers of 16 bits, two channels in the place of a float: a quarter of
 * the multiplications at half the speed of those of bytes. What bytes and filters are transformed into is exact, and
 * the sums of their products become floats before 32 bits could be too few for them. So all that is rounded are those
 * sums, as floats, the factors that they have, and what the last transform makes of them.
 *
 * The filters are transformed in every run: transformed they would be eight times as large as in the file. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "activation.h"
#include "families.h"
#include "quantized.h"
#include "sizes.h"
#include "tiles.h"
#include "winograd.h"

enum { PRODUCTS = 36, SIDE = 6, TILE = 4, TAPS = 9, PAIR = 2 };

/* Pairs of channels whose products are summed up in 32 bits: as many as are multiplied at a time, or what always fits,
 * with 28.8e6 for each of two channels of filters of int8, and twice that for those of uint8 or with zero points. */
enum { BLOCK = 128, PLAIN_BLOCK = 32, WIDE_BLOCK = 16 };

/* The factors that the rows of G have in common, by product along an axis. */
static const float filter_factors[SIDE] = {1.0f / 4, -1.0f / 6, -1.0f / 6, 1.0f / 24, 1.0f / 24, 1};

/* The node as a convolution of floats would have it. */
typedef struct plain_node {
  oneiro_tensor inputs[2];
  oneiro_node node;
} plain_node;

static int32_t describe(const oneiro_node *node, vector_convolution *convolution, oneiro_text *why) {
  if (node->input_count <= QUANTIZED_W) return vector_refuse(why, "inputs are missing");
  plain_node plain = {.inputs = {node->inputs[QUANTIZED_X], node->inputs[QUANTIZED_W]}, .node = *node};
  plain.node.inputs = plain.inputs;
  plain.node.input_count = 2;
  int32_t status = vector_describe_convolution(&plain.node, false, convolution, why);
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

/* Filters of bytes as they lie in the file, [out channel, in channel, 3, 3]. */
typedef struct byte_filters {
  const uint8_t *bytes, *zero_points;     /* the last may be NULL */
  size_t count, channels, zero_step;
  uint8_t flip;
} byte_filters;

static byte_filters filters_of(const oneiro_tensor *inputs, size_t input_count) {
  const oneiro_tensor *w = &inputs[QUANTIZED_W];
  byte_filters filters = {.bytes = w->data, .count = (size_t)w->dims[0], .channels = (size_t)w->dims[1],
                          .flip = w->element_type == ONEIRO_INT8 ? 0x80 : 0};
  if (input_count > QUANTIZED_W_ZERO_POINT && inputs[QUANTIZED_W_ZERO_POINT].element_type != ONEIRO_TYPE_ABSENT) {
    filters.zero_points = inputs[QUANTIZED_W_ZERO_POINT].data;
    filters.zero_step = oneiro_element_count(&inputs[QUANTIZED_W_ZERO_POINT]) == 1 ? 0 : 1;
  }
  return filters;
}

/* A panel of A for each product: `rows` filters from `row` on, `depth` pairs of channels from `first` on. */
static void transform_panel(const byte_filters *filters, float *into, size_t step, size_t row, size_t rows,
                            size_t first, size_t depth) {
  enum { PAIRS_AT_ONCE = 16, ROOM = 7 };
  const size_t high = vector_picked->product[VECTOR_PAIRS].rows;
  const size_t filter = filters->channels * TAPS, end = filters->count * filter;
  float pairs[VECTOR_MOST_LINES * PAIRS_AT_ONCE * TAPS + ROOM];
  for (size_t k = 0; k < depth; k += PAIRS_AT_ONCE) {
    size_t count = smaller(PAIRS_AT_ONCE, depth - k), channel = (first + k) * PAIR;
    size_t channels = smaller(count * PAIR, filters->channels - channel);
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
  static const float magnitudes[SIDE] = {10, 10, 10, 6, 6, 10};
  size_t row = product / SIDE, column = product % SIDE;
  float positive = row == 1 && column == 1 ? 8 * 8 + 2 * 2 : magnitudes[row] * magnitudes[column] / 2;
  return positive * UINT8_MAX;
}

typedef struct measuring_job {
  const byte_filters *filters;
  float *largest;                         /* sum of each panel */
} measuring_job;

/* Of both numbers of a pair. */
static float magnitude(const float *pair) {
  int16_t numbers[PAIR];
  memcpy(numbers, pair, sizeof numbers);
  return (float)(abs(numbers[0]) + abs(numbers[1]));
}

/* The largest sum that blocks of a panel's filters may lead to. */
static void measure_panels(void *argument, size_t begin, size_t end) {
  enum { PART = 32 };                     /* pairs that are transformed at a time */
  const measuring_job *job = argument;
  const size_t high = vector_picked->product[VECTOR_PAIRS].rows, depth = divide_up(job->filters->channels, PAIR);
  float panels[PRODUCTS][VECTOR_MOST_LINES * PART];
  for (size_t panel = begin; panel < end; panel++) {
    size_t rows = smaller(high, job->filters->count - panel * high);
    float largest = 0;
    for (size_t k = 0; k < depth; k += BLOCK) {
      float sums[PRODUCTS][VECTOR_MOST_LINES] = {{0}};
      for (size_t part = k; part < smaller(depth, k + BLOCK); part += PART) {
        size_t count = smaller(PART, depth - part);
        transform_panel(job->filters, panels[0], VECTOR_MOST_LINES * PART, panel * high, rows, part, count);
        for (size_t product = 0; product < PRODUCTS; product++)
          for (size_t i = 0; i < count; i++)
            for (size_t row = 0; row < rows; row++) sums[product][row] += magnitude(panels[product] + i * high + row);
      }
      for (size_t product = 0; product < PRODUCTS; product++)
        for (size_t row = 0; row < rows; row++)
          largest = fmaxf(largest, sums[product][row] * largest_input(product));
    }
    job->largest[panel] = largest;
  }
}

/* Pairs of channels to be multiplied at a time. */
static int32_t choose_block(oneiro_call *call, const byte_filters *filters, size_t *block) {
  const size_t high = vector_picked->product[VECTOR_PAIRS].rows, panels = divide_up(filters->count, high);
  const float most = 0x1p31f * 0.99f;     /* for what the measure itself is rounded by */
  const bool is_plain = filters->flip && !filters->zero_points;
  measuring_job job = {filters, malloc(panels * sizeof(float))};
  if (!job.largest) return vector_out_of_memory(call->why, panels * sizeof(float));
  vector_parallel_ranges(call, panels, high * filters->channels * PRODUCTS, measure_panels, &job);
  *block = BLOCK;
  for (size_t panel = 0; panel < panels; panel++)
    if (!(job.largest[panel] < most)) *block = is_plain ? PLAIN_BLOCK : WIDE_BLOCK;
  free(job.largest);
  return ONEIRO_OK;
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
  const byte_filters filters = filters_of(node->inputs, node->input_count);
  if (!status) status = choose_block(call, &filters, &block);
  if (status) return status;
  const vector_convolution *convolution = &described.convolution;
  const vector_product_loops *loops = &vector_picked->product[VECTOR_PAIRS];
  const size_t depth = divide_up(convolution->in_channels, PAIR);
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
  vector_activations activations;
  byte_filters filters;
  const uint8_t *x;
  const float *bias, *added;
  float *y;
} winograd_job;

static void transform_input(const void *argument, float *into, size_t step, size_t pair, const vector_tile_run *runs,
                            size_t count) {
  const winograd_job *job = argument;
  const vector_convolution *convolution = &job->state->convolution;
  const vector_spatial *spatial = &convolution->spatial;
  size_t plane = convolution->in_plane, channel = pair * PAIR;
  const uint8_t *x = job->x + channel * plane;
  const vector_byte_image image = {
      .x = {x, channel + 1 < convolution->in_channels ? x + plane : NULL},
      .image_step = convolution->in_channels * plane, .height = spatial->input[1], .width = spatial->input[2],
      .pad = {spatial->pad_begin[1], spatial->pad_begin[2]}, .zero_point = job->activations.zero_point,
      .flip = job->activations.flip};
  vector_picked->winograd_byte_input(into, step, &image, runs, count);
}

static void transform_filters(const void *argument, float *into, size_t step, size_t row, size_t rows, size_t k,
                              size_t depth) {
  const winograd_job *job = argument;
  transform_panel(&job->filters, into, step, row, rows, k, depth);
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
  const winograd_job job = {
      .state = state, .activations = vector_activations_of(call),
      .filters = filters_of(call->inputs, call->node->input_count), .x = call->inputs[QUANTIZED_X].data,
      .bias = oneiro_has_input(call->node, QUANTIZED_BIAS) ? call->inputs[QUANTIZED_BIAS].data : NULL,
      .added = oneiro_has_input(call->node, QUANTIZED_ADDED) ? call->inputs[QUANTIZED_ADDED].data : NULL,
      .y = output.bytes ? result : call->outputs[0].data};
  vector_scale_sums(call, &job.activations, NULL, outputs, NULL, of_channels);
  fill_factors(state, factors, of_channels);
  const vector_tile_work work = {.argument = &job, .transform_input = transform_input,
                                 .transform_filters = transform_filters, .transform_output = transform_output,
                                 .factors = factors, .factor_step = state->factor_step};
  vector_run_tiles(call, &state->tiles, &work);
  if (output.bytes) vector_write_planes(call, &output, job.y, convolution->batch * outputs, convolution->out_plane);
  return ONEIRO_OK;
}

/* In terms of a convolution of floats by its definition, whose products of a tile are 144: 36 of half the length, and
 * the transforms, each by instructions for each of its numbers. */
static double relative_time(const oneiro_node *node, int32_t threads) {
  (void)threads;
  vector_convolution convolution;
  if (describe(node, &convolution, NULL)) return INFINITY;
  double tiles = (double)vector_tile_count(&convolution, TILE), wide = (double)vector_picked->tile_columns;
  double filters = 16 / (tiles * TILE), input = 1 / (double)convolution.out_channels;
  double output = 1 / (double)convolution.in_channels;
  return 0.125 * ceil(tiles / wide) * wide / tiles + filters + input + output;
}

static const vector_kernel kernels[] = {
    {"QuantizedConv", 1, supports, prepare, compute, free, "ai.oneiro", relative_time, "Winograd, 16 bits",
     ONEIRO_KERNEL_APPROXIMATE, .pairs = true},
};
VECTOR_FAMILY(vector_quantized_winograd_pairs, kernels);
