/* UpsampledQuantizedConv: an image of bytes is enlarged by two and convolved, in one. What filters and image are
 * transformed into are whole numbers of 16 bits, and the sums of 32 bits are those of the definition: what does not fit
 * on the way comes right in the end, as numbers wrap around. */
#include <stdlib.h>

#include "activation.h"
#include "families.h"
#include "quantized.h"
#include "upsampled.h"

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  vector_convolution convolution;
  vector_unary_loop activation;
  int32_t status = vector_describe_quantized_convolution(node, true, &convolution, why);
  if (!status) status = vector_activation_of(node, &activation, why);
  if (!status)
    status = vector_require_quantized(node, node->outputs[0].dims[1], convolution.in_channels * convolution.taps, why);
  return status ? status : vector_require_added(node, why);
}

typedef struct upsampled_state {
  vector_tiles tiles;
  vector_convolution convolution;
  vector_unary_loop activation;
  bool adds_channels;
  const float *packed;
} upsampled_state;

/* The numbers of a filter's channel, 3 x 3 as its taps are. */
static void transform_taps(int32_t *into, const uint8_t *taps, uint8_t flip, int32_t zero_point) {
  int32_t half[3][3];
  for (size_t c = 0; c < 3; c++) {
    int32_t g[3];
    for (size_t r = 0; r < 3; r++) g[r] = (taps[3 * r + c] ^ flip) - zero_point;
    half[0][c] = g[0];
    half[1][c] = g[0] + g[1] + g[2];
    half[2][c] = g[2];
  }
  for (size_t r = 0; r < 3; r++) {
    into[3 * r] = half[r][0];
    into[3 * r + 1] = half[r][0] + half[r][1] + half[r][2];
    into[3 * r + 2] = half[r][2];
  }
}

typedef struct packing_job {
  const upsampled_state *state;
  const oneiro_node *node;
  float *packed;
} packing_job;

/* Zero points of unsigned filters, or of signed ones made unsigned. */
static int32_t zero_point_of(const oneiro_node *node, size_t filter, uint8_t flip) {
  if (!oneiro_has_input(node, QUANTIZED_W_ZERO_POINT)) return flip;
  const oneiro_tensor *zero_points = &node->inputs[QUANTIZED_W_ZERO_POINT];
  return ((const uint8_t *)zero_points->data)[oneiro_element_count(zero_points) == 1 ? 0 : filter] ^ flip;
}

/* Panels of filters, for all products. */
static void pack_panels(void *argument, size_t begin, size_t end) {
  enum { STEPS = 32, TAPS = 9 };
  const packing_job *job = argument;
  const vector_tiles *tiles = &job->state->tiles;
  const size_t channels = job->state->convolution.in_channels, high = tiles->loops->rows, depth = tiles->depth;
  const uint8_t *filters = job->node->inputs[QUANTIZED_W].data;
  const uint8_t flip = job->node->inputs[QUANTIZED_W].element_type == ONEIRO_INT8 ? 0x80 : 0;
  int32_t turned[TAPS][VECTOR_MOST_LINES * STEPS];
  for (size_t panel = begin; panel < end; panel++)
    for (size_t k = 0; k < depth; k += STEPS) {
      size_t steps = depth - k < STEPS ? depth - k : STEPS, first = panel * high;
      size_t rows = tiles->out_channels - first < high ? tiles->out_channels - first : high;
      for (size_t row = 0; row < rows; row++) {
        const int32_t zero_point = zero_point_of(job->node, first + row, flip);
        const uint8_t *filter = filters + (first + row) * channels * TAPS;
        for (size_t step = 0; step < steps; step++) {
          size_t channel = (k + step) * VECTOR_PAIR_CHANNELS;
          int32_t low[TAPS], high_half[TAPS] = {0};
          transform_taps(low, filter + channel * TAPS, flip, zero_point);
          if (channel + 1 < channels) transform_taps(high_half, filter + (channel + 1) * TAPS, flip, zero_point);
          for (size_t tap = 0; tap < TAPS; tap++)
            turned[tap][row * steps + step] = (low[tap] & 0xffff) | (int32_t)((uint32_t)high_half[tap] << 16);
        }
      }
      for (size_t tap = 0; tap < TAPS; tap++)
        tiles->loops->pack_rows(job->packed + tap * tiles->filter_step + first * depth + k * high,
                                (const float *)(const void *)turned[tap], rows, steps, (ptrdiff_t)steps, 1, 1);
    }
}

static int32_t prepare(oneiro_call *call) {
  upsampled_state described = {0};
  int32_t status = vector_describe_quantized_convolution(call->node, true, &described.convolution, call->why);
  if (!status) status = vector_activation_of(call->node, &described.activation, call->why);
  if (status) return status;
  const vector_convolution *convolution = &described.convolution;
  described.adds_channels = oneiro_has_input(call->node, QUANTIZED_ADDED) &&
                            !vector_same_dims(&call->node->inputs[QUANTIZED_ADDED], &call->node->outputs[0]);
  const size_t depth = divide_up(convolution->in_channels, VECTOR_PAIR_CHANNELS);
  const vector_tile_formula formula = {.loops = &vector_picked->product[VECTOR_PAIRS], .tile = VECTOR_UPSAMPLED_TILE,
                                       .products = VECTOR_UPSAMPLED_PRODUCTS, .depth = depth, .block = depth,
                                       .is_packed = true};
  described.tiles = vector_plan_tiles(convolution, &formula, call->threads);
  size_t state_bytes = sizeof described + vector_tile_run_bytes(convolution, VECTOR_UPSAMPLED_TILE);
  size_t packed_bytes = vector_tile_filter_floats(&described.tiles) * sizeof(float);
  vector_packing packing;
  upsampled_state *state = vector_new_packed(call, state_bytes, packed_bytes, &packing);
  if (!state) return vector_out_of_memory(call->why, packed_bytes);
  *state = described;
  vector_lay_tile_runs(&state->tiles, convolution, VECTOR_UPSAMPLED_TILE, state + 1);
  state->packed = packing.memory;
  packing_job job = {state, call->node, packing.memory};
  size_t high = state->tiles.loops->rows;
  if (!packing.is_filled)
    vector_parallel_ranges(call, divide_up(convolution->out_channels, high), high * convolution->in_channels * 9,
                           pack_panels, &job);
  oneiro_set_packed(call, QUANTIZED_W);
  call->state = state;
  call->workspace_byte_count =
      (vector_whole_lines(vector_tile_workspace(&state->tiles) / sizeof(float)) + convolution->out_channels) *
      sizeof(float);
  return ONEIRO_OK;
}

typedef struct upsampled_job {
  const upsampled_state *state;
  vector_byte_image image;
  vector_output_bytes output;
  const float *factors, *bias, *z;
  float *y;
} upsampled_job;

static void transform_input(const void *argument, float *into, size_t step, size_t pair, const vector_tile_run *runs,
                            size_t count) {
  const upsampled_job *job = argument;
  const vector_byte_image image = vector_channel_pair(&job->image, pair);
  vector_picked->upsampled_byte_input(into, step, &image, runs, count);
}

static void transform_output(const void *argument, size_t row, const float *sums, size_t step,
                             const vector_tile_run *runs, size_t count) {
  enum { LINE = 2 * (VECTOR_MOST_LINES + VECTOR_MOST_LANES) };
  const int32_t nothing = 0;
  const upsampled_job *job = argument;
  const upsampled_state *state = job->state;
  const vector_convolution *convolution = &state->convolution;
  for (const vector_tile_run *run = runs; run < runs + count; run++) {
    float lines[2][LINE];
    size_t pixels = 2 * run->count, plane = run->image * convolution->out_channels + row;
    vector_picked->upsampled_sums(lines[0], LINE, sums + run->lane, step, run->count);
    float start = job->bias ? job->bias[row] : 0;
    if (state->adds_channels) start += job->z[plane];
    for (size_t line = 0; line < 2; line++) {
      size_t at = plane * convolution->out_plane +
                  ((size_t)run->out_y + line) * (size_t)convolution->spatial.output[2] + (size_t)run->out_x;
      const float *added = job->z && !state->adds_channels ? job->z + at : NULL;
      vector_picked->dequantize_sums(lines[line], &nothing, job->factors + row, &start, added, pixels, 0);
      if (state->activation) state->activation(lines[line], lines[line], pixels, NULL);
      if (job->output.bytes) vector_write_bytes(&job->output, at, lines[line], pixels);
      else memcpy(job->y + at, lines[line], pixels * sizeof(float));
    }
  }
}

static int32_t compute(const oneiro_call *call) {
  const upsampled_state *state = call->state;
  size_t outputs = state->convolution.out_channels;
  float *factors = (float *)call->workspace + vector_whole_lines(vector_tile_workspace(&state->tiles) / sizeof(float));
  const vector_activations activations = vector_activations_of(call);
  const upsampled_job job = {
      .state = state, .image = vector_byte_image_of(call, &activations), .output = vector_output_bytes_of(call),
      .factors = factors,
      .bias = oneiro_has_input(call->node, QUANTIZED_BIAS) ? call->inputs[QUANTIZED_BIAS].data : NULL,
      .z = oneiro_has_input(call->node, QUANTIZED_ADDED) ? call->inputs[QUANTIZED_ADDED].data : NULL,
      .y = call->outputs[0].data};
  vector_scale_sums(call, &activations, NULL, outputs, NULL, factors);
  const vector_tile_work work = {&job, transform_input, NULL, transform_output, state->packed};
  vector_run_tiles(call, &state->tiles, &work);
  return ONEIRO_OK;
}

static double relative_time(const oneiro_node *node, int32_t threads) {
  (void)node;
  (void)threads;
  /* A quarter of the products. */
  return (double)vector_picked->time_of_pairs / 4;
}

static const vector_kernel kernels[] = {
    {"UpsampledQuantizedConv", 1, supports, prepare, compute, free, "ai.oneiro", relative_time, "by differences",
     .pairs = true},
};
VECTOR_FAMILY(vector_quantized_upsampled, kernels);
