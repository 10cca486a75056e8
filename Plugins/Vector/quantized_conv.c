/* QuantizedConv: a convolution of quantized activations and weights, a bias, what is added to it, an activation,
 * and quantization of the result.
 *
 * The image is copied first, four channels side by side in each pixel and with its padding around it, so that padding
 * is the zero point and the filters' taps are whole elements. Then it is a product as that of floats is: filters times
 * the image seen through a window. Where there are tile registers, an image of many channels goes another way
 * (pixels.h). */
#include <stdlib.h>
#include <string.h>

#include "activation.h"
#include "convolution.h"
#include "families.h"
#include "quantized.h"
#include "quantized_conv_filters.h"
#include "quantized_pixels.h"

/* Lines of pixels may be this many times as long as the channels in them. */
static const double LONGEST = 1.34;

/* Padding may make an image larger than this many times what is read and written, but then a copy of it is the wrong
 * way. */
static const double MOST_PADDING = 16;

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  vector_unary_loop activation;
  vector_convolution convolution;
  int32_t status = vector_describe_quantized_convolution(node, false, &convolution, why);
  if (!status) status = vector_activation_of(node, &activation, why);
  if (status) return status;
  status = vector_require_quantized(node, node->outputs[0].dims[1], convolution.in_channels * convolution.taps, why);
  if (status) return status;
  if (convolution.in_channels < VECTOR_BYTES && convolution.groups > 1)
    return vector_refuse(why, "groups of %zu channels leave too little to multiply", convolution.in_channels);
  const vector_spatial *spatial = &convolution.spatial;
  double padded = 1;
  for (int32_t at = 0; at < VECTOR_SPATIAL; at++)
    padded *= (double)spatial->input[at] + (double)spatial->pad_begin[at] + (double)spatial->pad_end[at];
  if (padded > MOST_PADDING * ((double)convolution.in_plane + (double)convolution.out_plane) + 4096)
    return vector_refuse(why, "padding makes an image of %.0f pixels", padded);
  return vector_require_added(node, why);
}

typedef struct conv_state {
  vector_convolution convolution;     /* its window over the padded image, its plan's depth in groups of bytes */
  size_t quads;                       /* groups of four channels, of a group of the convolution */
  size_t plane;                       /* pixels of the padded image */
  bool adds_channels;                 /* Z has one number for each channel */
  vector_unary_loop activation;
  int32_t *sums;                      /* of the filters */
  int32_t *zero_points;               /* of the filters; NULL where all are 0 */
  /* Where columns of a vector lie next to each other in the padded image, NULL otherwise: see vector_operand. */
  ptrdiff_t *lines;
  size_t run, run_step;
  vector_pixels pixels;               /* where they are the way */
} conv_state;

/* Whether whole vectors of output pixels see pixels that lie next to each other, whatever the tap, and fill panels. */
static void describe_runs(conv_state *state) {
  const vector_convolution *convolution = &state->convolution;
  const vector_window *window = &convolution->window;
  if (convolution->pointwise) {
    state->run = convolution->out_plane;
  } else {
    /* Rows of planes that lie above each other have one step only when nothing is left out between the planes. */
    bool is_flat = window->output[0] == 1 || window->output[1] == 1;
    for (int32_t at = 0; at < VECTOR_SPATIAL; at++)
      if (window->stride[at] != 1) is_flat = false;
    state->run = is_flat ? (size_t)window->output[2] : 0;
    state->run_step = (size_t)(window->input[2] * (window->output[0] > 1 ? window->input[1] : 1));
  }
  if (state->run % vector_picked->lanes || convolution->out_plane % vector_picked->tile_columns) state->run = 0;
  if (!vector_plan_loops(&convolution->plan)->multiply_seen) state->run = 0;
}

static void fill_lines(const conv_state *state) {
  const int64_t *input = state->convolution.window.input;
  size_t depth = state->quads * state->convolution.taps;
  const vector_tap *taps = state->convolution.window.taps;
  for (size_t k = 0; k < depth; k++) {
    const int32_t *at = taps[k].at;
    state->lines[k] = taps[k].plane + (ptrdiff_t)((at[0] * input[1] + at[1]) * input[2] + at[2]);
  }
}

/* Taps of the padded image, a group of channels after the other. */
static void fill_taps(const conv_state *state, vector_tap *taps) {
  const vector_spatial *spatial = &state->convolution.spatial;
  for (size_t quad = 0; quad < state->quads; quad++)
    for (size_t tap = 0; tap < state->convolution.taps; tap++, taps++) {
      taps->plane = (ptrdiff_t)(quad * state->plane);
      vector_place_tap(spatial, tap, taps->at);
    }
}

/* Of workspace, for whoever multiplies. */
static size_t product_bytes(const conv_state *state) {
  if (state->pixels.loops) return vector_pixel_workspace(&state->pixels);
  return vector_product_workspace(&state->convolution.plan);
}

static size_t image_bytes(const conv_state *state) {
  const vector_convolution *convolution = &state->convolution;
  if (state->pixels.loops) return 0;
  return convolution->batch * convolution->groups * state->quads * state->plane * VECTOR_BYTES;
}

/* The filters, their sums and zero points. */
static int32_t pack(oneiro_call *call, const conv_state *state, float *packed) {
  const vector_convolution *convolution = &state->convolution;
  size_t filter = convolution->in_channels * convolution->taps;
  size_t outputs = convolution->groups * convolution->out_channels;
  vector_signed_weights weights;
  int32_t status = vector_sign_weights(call, outputs, filter, &weights);
  if (status) return status;
  if (state->pixels.loops)
    vector_pack_pixel_filters(call, convolution, &state->pixels, weights.elements, packed, state->sums);
  else
    vector_pack_filters_of_bytes(call, convolution, weights.elements, packed, state->sums);
  vector_pack_zero_points(state->sums, outputs, &weights);
  free(weights.memory);
  return ONEIRO_OK;
}

static int32_t prepare(oneiro_call *call) {
  const oneiro_node *node = call->node;
  conv_state described = {0};
  int32_t status = vector_describe_quantized_convolution(node, false, &described.convolution, call->why);
  if (!status) status = vector_activation_of(node, &described.activation, call->why);
  if (status) return status;
  vector_convolution *convolution = &described.convolution;
  const vector_spatial *spatial = &convolution->spatial;
  for (int32_t at = 0; at < VECTOR_SPATIAL; at++)
    convolution->window.input[at] = spatial->input[at] + spatial->pad_begin[at] + spatial->pad_end[at];
  described.plane = (size_t)vector_volume(convolution->window.input);
  described.quads = vector_byte_groups(convolution->in_channels);
  described.adds_channels = oneiro_has_input(node, QUANTIZED_ADDED) &&
                            !vector_same_dims(&node->inputs[QUANTIZED_ADDED], &node->outputs[0]);
  size_t depth = described.quads * convolution->taps, outputs = convolution->groups * convolution->out_channels;
  size_t items = convolution->batch * convolution->groups;
  convolution->plan = vector_plan_product(VECTOR_BYTES_A_SIGNED, convolution->out_channels, convolution->out_plane,
                                          depth, items, VECTOR_A_PACKED, call->threads);
  convolution->packed_group = vector_packed_rows_floats(VECTOR_BYTES_A_SIGNED, convolution->out_channels, depth);
  described.pixels = vector_plan_pixels(convolution, VECTOR_BYTES_B_SIGNED, LONGEST, call->threads);
  bool has_pixels = described.pixels.loops;
  if (has_pixels) convolution->packed_group = vector_pixel_filter_floats(&described.pixels);
  else describe_runs(&described);
  size_t steps = has_pixels ? described.pixels.steps : depth;
  size_t entries = steps * (sizeof(vector_tap) + sizeof(ptrdiff_t));
  size_t floats = convolution->groups * convolution->packed_group;
  size_t byte_count = floats * sizeof(float) + vector_channel_bytes(outputs);
  vector_packing packing;
  conv_state *state = vector_new_packed(call, sizeof described + entries, byte_count, &packing);
  if (!state) return vector_out_of_memory(call->why, byte_count);
  *state = described;
  vector_tap *taps = (vector_tap *)(state + 1);
  ptrdiff_t *lines = (ptrdiff_t *)(taps + steps);
  state->pixels.offsets = lines;
  if (has_pixels) {
    vector_fill_offsets(&state->convolution, &state->pixels);
  } else {
    fill_taps(state, taps);
    state->convolution.window.taps = taps;
    state->lines = state->run ? lines : NULL;
    if (state->run) fill_lines(state);
  }
  state->convolution.packed = packing.memory;
  state->sums = (int32_t *)packing.memory + floats;
  if (!packing.is_filled) status = pack(call, state, packing.memory);
  if (status) {
    free(state);
    return status;
  }
  state->zero_points = vector_packed_zero_points(state->sums, outputs);
  oneiro_set_packed(call, QUANTIZED_W);
  call->state = state;
  call->workspace_byte_count = product_bytes(state) + vector_output_floats(node) * sizeof(float) +
                               (2 * vector_whole_lines(outputs) + vector_whole_lines(convolution->batch * outputs)) *
                                   sizeof(float) +
                               image_bytes(state);
  if (state->zero_points)
    call->workspace_byte_count += items * (state->plane + convolution->out_plane) * sizeof(int32_t);
  return ONEIRO_OK;
}

typedef struct conv_job {
  const conv_state *state;
  vector_activations activations;
  const uint8_t *x;
  uint8_t *image;
  const int32_t *offsets, *sums;      /* of filters; at pixels, where zero points are multiplied with them */
  const float *factors, *z;
  const float *starts;                /* what all pixels of a plane of the output have added */
  vector_output_bytes output;
  float *y;
} conv_job;

/* One row of the padded image from `channels` rows that lie `step` apart; NULL for a row of padding. */
static void copy_row(const conv_job *job, uint8_t *into, const uint8_t *row, size_t step, size_t channels) {
  const vector_spatial *spatial = &job->state->convolution.spatial;
  size_t width = (size_t)spatial->input[2], before = (size_t)spatial->pad_begin[2];
  uint8_t flip = job->activations.flip;
  size_t padded = (size_t)job->state->convolution.window.input[2];
  if (!row || padded > width) memset(into, job->activations.zero_point, padded * VECTOR_BYTES);
  if (!row) return;
  into += before * VECTOR_BYTES;
  if (channels == VECTOR_BYTES) {
    vector_picked->interleave(into, row, step, width, flip);
    return;
  }
  for (size_t x = 0; x < width; x++)
    for (size_t byte = 0; byte < VECTOR_BYTES; byte++)
      into[4 * x + byte] = byte < channels ? (uint8_t)(row[byte * step + x] ^ flip) : 0;
}

/* Groups of channels, counted through images and the convolution's groups. */
static void copy_quads(void *argument, size_t begin, size_t end) {
  const conv_job *job = argument;
  const conv_state *state = job->state;
  const vector_convolution *convolution = &state->convolution;
  const vector_spatial *spatial = &convolution->spatial;
  const int64_t *padded = convolution->window.input, *input = spatial->input, *before = spatial->pad_begin;
  for (size_t index = begin; index < end; index++) {
    size_t item = index / state->quads, channel = index % state->quads * VECTOR_BYTES;
    size_t rest = convolution->in_channels - channel, channels = rest < VECTOR_BYTES ? rest : VECTOR_BYTES;
    const uint8_t *x = job->x + (item * convolution->in_channels + channel) * convolution->in_plane;
    uint8_t *into = job->image + index * state->plane * VECTOR_BYTES;
    for (int64_t row = 0; row < padded[0] * padded[1]; row++, into += padded[2] * VECTOR_BYTES) {
      int64_t i = row / padded[1] - before[0], j = row % padded[1] - before[1];
      bool inside = i >= 0 && i < input[0] && j >= 0 && j < input[1];
      copy_row(job, into, inside ? x + (i * input[1] + j) * input[2] : NULL, convolution->in_plane, channels);
    }
  }
}

static void finish(const void *argument, const vector_product_part *part) {
  const conv_job *job = argument;
  const conv_state *state = job->state;
  const vector_convolution *convolution = &state->convolution;
  size_t outputs = convolution->groups * convolution->out_channels;
  if (part->is_ended && !state->activation && !job->output.bytes) return;
  for (size_t i = 0; i < part->rows; i++) {
    float *y = part->c + i * part->c_step;
    size_t plane = (size_t)(y - job->y) / part->c_step, channel = plane % outputs;
    if (job->sums)
      vector_picked->subtract_products(
          y, job->sums + plane / convolution->out_channels * convolution->out_plane + part->column,
          state->zero_points[channel], part->columns);
    const float *added = job->z && !state->adds_channels ? job->z + (y - job->y) : NULL;
    if (!part->is_ended)
      vector_picked->dequantize_sums(y, job->offsets + channel, job->factors + channel, job->starts + plane, added,
                                     part->columns, 0);
    if (state->activation) state->activation(y, y, part->columns, NULL);
    if (job->output.bytes) vector_write_bytes(&job->output, (size_t)(y - job->y), y, part->columns);
  }
}

static void describe(const void *argument, size_t index, vector_product_item *item) {
  const conv_job *job = argument;
  const conv_state *state = job->state;
  const vector_convolution *convolution = &state->convolution;
  size_t group = index % convolution->groups;
  const uint8_t *image = job->image + index * state->quads * state->plane * VECTOR_BYTES;
  *item = (vector_product_item){
      .a = {.packed = convolution->packed + group * convolution->packed_group},
      .b = {.data = (const float *)(const void *)image, .line_step = 1, .depth_step = (ptrdiff_t)state->plane,
            .window = convolution->pointwise ? NULL : &convolution->window, .lines = state->lines, .run = state->run,
            .run_step = state->run_step},
      .c = job->y + index * convolution->out_channels * convolution->out_plane, .finish = finish};
  size_t channel = group * convolution->out_channels;
  const float *added = job->z && !state->adds_channels ? job->z + (item->c - job->y) : NULL;
  if (!job->sums)
    item->ending = (vector_sums_ending){item->c, job->offsets + channel, job->factors + channel,
                                        job->starts + index * convolution->out_channels, added};
}

static void fill_starts(const oneiro_call *call, const conv_state *state, float *starts) {
  size_t outputs = state->convolution.groups * state->convolution.out_channels;
  const float *bias = oneiro_has_input(call->node, QUANTIZED_BIAS) ? call->inputs[QUANTIZED_BIAS].data : NULL;
  const float *z = state->adds_channels ? call->inputs[QUANTIZED_ADDED].data : NULL;
  for (size_t plane = 0; plane < state->convolution.batch * outputs; plane++)
    starts[plane] = (bias ? bias[plane % outputs] : 0) + (z ? z[plane] : 0);
}

static int32_t compute(const oneiro_call *call) {
  const conv_state *state = call->state;
  const vector_convolution *convolution = &state->convolution;
  size_t outputs = convolution->groups * convolution->out_channels, items = convolution->batch * convolution->groups;
  float *result = (float *)call->workspace + product_bytes(state) / sizeof(float);
  float *factors = result + vector_output_floats(call->node);
  int32_t *offsets = (int32_t *)(factors + vector_whole_lines(outputs));
  float *starts = (float *)(offsets + vector_whole_lines(outputs));
  fill_starts(call, state, starts);
  conv_job job = {.state = state, .activations = vector_activations_of(call), .x = call->inputs[QUANTIZED_X].data,
                  .image = (uint8_t *)(starts + vector_whole_lines(convolution->batch * outputs)), .offsets = offsets,
                  .factors = factors, .starts = starts,
                  .z = oneiro_has_input(call->node, QUANTIZED_ADDED) ? call->inputs[QUANTIZED_ADDED].data : NULL,
                  .output = vector_output_bytes_of(call), .y = call->outputs[0].data};
  if (job.output.bytes) job.y = result;
  vector_scale_sums(call, &job.activations, state->sums, outputs, offsets, factors);
  if (state->zero_points) {
    int32_t *planes = (int32_t *)(void *)(job.image + image_bytes(state));
    job.sums = planes + items * state->plane;
    vector_sum_windows(call, &job.activations, convolution, planes, planes + items * state->plane);
  }
  if (state->pixels.loops) {
    const vector_pixel_image image = {job.x, job.activations.flip, (uint8_t)job.activations.zero_point};
    vector_run_pixels(call, convolution, &state->pixels, &image, call->workspace, job.y, finish, &job);
    return ONEIRO_OK;
  }
  vector_parallel_ranges(call, items * state->quads, state->plane * VECTOR_BYTES, copy_quads, &job);
  vector_run_products(call, &convolution->plan, call->workspace, items, convolution->out_plane, describe, &job);
  return ONEIRO_OK;
}

static const vector_kernel kernels[] = {
    {"QuantizedConv", 1, supports, prepare, compute, free, "ai.oneiro", vector_time_of_bytes},
};
VECTOR_FAMILY(vector_quantized_conv, kernels);
