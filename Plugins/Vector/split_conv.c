#include "split_conv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pixels.h"
#include "sizes.h"

typedef struct split_conv_state {
  vector_convolution convolution;
  vector_pixels pixels;
} split_conv_state;

/* Lines may be this many times as long as the channels in them. */
static const double LONGEST = 4;

static int32_t describe(const oneiro_node *node, int32_t threads, split_conv_state *state, oneiro_text *why) {
  *state = (split_conv_state){0};
  int32_t status = vector_require_floats(node, why);
  if (!status) status = vector_describe_convolution(node, false, &state->convolution, why);
  if (!status) status = vector_describe_ending(node, &state->convolution.ending, why);
  if (status) return status;
  if (!node->inputs[1].data) return vector_refuse(why, "the filters are no constant");
  state->pixels = vector_plan_pixels(&state->convolution, VECTOR_SPLIT_FLOATS, LONGEST, threads);
  if (state->pixels.loops) return ONEIRO_OK;
  return vector_refuse(why, "too few channels in a group, filters or rows too large, or nothing to compute");
}

int32_t vector_split_conv_supports(const oneiro_node *node, oneiro_text *why) {
  split_conv_state state;
  return describe(node, 1, &state, why);
}

double vector_split_conv_relative_time(const oneiro_node *node, int32_t threads) {
  split_conv_state state;
  if (describe(node, threads, &state, NULL)) return INFINITY;
  return vector_pixel_relative_time(&state.convolution, &state.pixels);
}

int32_t vector_split_conv_supports_fused(const oneiro_node *node, oneiro_text *why) {
  int32_t status = vector_split_conv_supports(node, why);
  if (!status && vector_split_conv_relative_time(node, 1) > 1)
    status = vector_refuse(why, "too few filters for splitting to pay");
  return status;
}

typedef struct packing_job {
  const split_conv_state *state;
  const float *filters;
  float *packed;
} packing_job;

/* Panels of filters, counted through the convolution's groups. */
static void pack_panels(void *argument, size_t begin, size_t end) {
  enum { WIDEST = 32, CHANNELS = 32 };
  const packing_job *job = argument;
  const vector_convolution *convolution = &job->state->convolution;
  const vector_pixels *pixels = &job->state->pixels;
  size_t wide = vector_picked->tile_columns, taps = convolution->taps, channels = convolution->in_channels;
  size_t line = pixels->loops->channels, depth = taps * line;
  _Alignas(VECTOR_ALIGNMENT) float turned[WIDEST * VECTOR_PIXEL_TAPS * CHANNELS];
  float *into = job->packed + begin * pixels->steps * pixels->loops->step_floats;
  for (size_t panel = begin; panel < end; panel++) {
    size_t group = panel / pixels->panels, first = panel % pixels->panels * wide;
    size_t count = smaller(convolution->out_channels - first, wide);
    const float *filters = job->filters + (group * convolution->out_channels + first) * channels * taps;
    for (size_t block = 0; block < pixels->blocks; block++, into += taps * pixels->loops->step_floats) {
      size_t from = block * line, present = smaller(channels - from, line);
      if (present < line) memset(turned, 0, sizeof turned);
      for (size_t j = 0; j < count; j++) {
        const float *filter = filters + (j * channels + from) * taps;
        for (size_t in = 0; in < present; in++)
          for (size_t tap = 0; tap < taps; tap++) turned[j * depth + tap * line + in] = *filter++;
      }
      vector_picked->product[VECTOR_SPLIT_FLOATS].pack_columns(into, turned, count, depth, 1, (ptrdiff_t)depth);
    }
  }
}

int32_t vector_split_conv_prepare(oneiro_call *call) {
  split_conv_state described;
  int32_t status = describe(call->node, call->threads, &described, call->why);
  if (status) return status;
  vector_convolution *convolution = &described.convolution;
  convolution->packed_group = vector_pixel_filter_floats(&described.pixels);
  size_t byte_count = convolution->groups * convolution->packed_group * sizeof(float);
  vector_packing packing;
  split_conv_state *state = vector_new_packed(call, sizeof described + described.pixels.steps * sizeof(ptrdiff_t),
                                              byte_count, &packing);
  if (!state) return vector_out_of_memory(call->why, byte_count);
  *state = described;
  state->pixels.offsets = (ptrdiff_t *)(void *)(state + 1);
  vector_fill_offsets(&state->convolution, &state->pixels);
  state->convolution.packed = packing.memory;
  packing_job job = {state, call->node->inputs[1].data, packing.memory};
  size_t work = vector_picked->tile_columns * convolution->in_channels * convolution->taps;
  if (!packing.is_filled)
    vector_parallel_ranges(call, convolution->groups * described.pixels.panels, work, pack_panels, &job);
  oneiro_set_packed(call, 1);
  call->state = state;
  call->workspace_byte_count = vector_pixel_workspace(&state->pixels);
  return ONEIRO_OK;
}

typedef struct split_conv_job {
  const vector_convolution *convolution;
  const float *bias, *added, *y;
} split_conv_job;

static void finish(const void *argument, const vector_product_part *part) {
  const split_conv_job *job = argument;
  const vector_convolution *convolution = job->convolution;
  for (size_t i = 0; i < part->rows; i++) {
    float *y = part->c + i * part->c_step;
    size_t first = (size_t)(y - job->y), plane = first / convolution->out_plane;
    float start = vector_plane_start(convolution, plane, job->bias, job->added);
    if (start != 0) vector_picked->affine(y, y, part->columns, 0, 1, start);
    if (job->added && convolution->ending.added == VECTOR_ADDS_PIXELS)
      vector_picked->binary[VECTOR_ADD][VECTOR_F32](y, y, job->added + first, part->columns, 1, 1);
    if (convolution->ending.activation) convolution->ending.activation(y, y, part->columns, NULL);
  }
}

int32_t vector_split_conv_compute(const oneiro_call *call) {
  const split_conv_state *state = call->state;
  float *y = call->outputs[0].data;
  split_conv_job job = {&state->convolution, oneiro_has_input(call->node, 2) ? call->inputs[2].data : NULL,
                        vector_added_of(call), y};
  const vector_pixel_image image = {.x = call->inputs[0].data};
  vector_run_pixels(call, &state->convolution, &state->pixels, &image, call->workspace, y, finish, &job);
  return ONEIRO_OK;
}
