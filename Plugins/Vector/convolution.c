#include "convolution.h"

#include "activation.h"

#include <stdlib.h>

/* Far above any filter that fits into memory, far below where sizes in bytes overflow. */
static const double LARGEST_FILTER = 0x1p50;

static bool is_pointwise(const vector_spatial *spatial) {
  for (int32_t at = 0; at < VECTOR_SPATIAL; at++)
    if (spatial->kernel[at] != 1 || spatial->stride[at] != 1 || spatial->pad_begin[at] != 0 ||
        spatial->input[at] != spatial->output[at])
      return false;
  return true;
}

int32_t vector_describe_convolution(const oneiro_node *node, bool transposed, vector_convolution *convolution,
                                    oneiro_text *why) {
  if (!oneiro_has_input(node, 0) || !oneiro_has_input(node, 1)) return vector_refuse(why, "an input is absent");
  const oneiro_tensor *x = &node->inputs[0], *w = &node->inputs[1], *y = &node->outputs[0];
  int64_t groups = oneiro_int(node, "group", 1);
  if (x->rank < 3 || w->rank != x->rank || y->rank != x->rank)
    return vector_refuse(why, "ranks are %d, %d and %d", x->rank, w->rank, y->rank);
  int64_t in = transposed ? w->dims[0] : w->dims[1], out = transposed ? w->dims[1] : w->dims[0];
  if (groups < 1 || (transposed ? in != x->dims[1] || in % groups != 0 || y->dims[1] / groups != out
                                : in != x->dims[1] / groups || x->dims[1] % groups != 0 || out % groups != 0 ||
                                      out != y->dims[1]))
    return vector_refuse(why, "channels and %lld groups do not fit", (long long)groups);
  if (y->dims[0] != x->dims[0]) return vector_refuse(why, "input and output differ in batch");
  if (oneiro_has_input(node, 2) && oneiro_element_count(&node->inputs[2]) != y->dims[1])
    return vector_refuse(why, "the bias does not have one number a channel");
  *convolution = (vector_convolution){.transposed = transposed, .groups = (size_t)groups};
  int32_t status = vector_spatial_of(node, w->dims + 2, transposed, &convolution->spatial, why);
  if (status) return status;
  const vector_spatial *spatial = &convolution->spatial;
  convolution->batch = (size_t)x->dims[0];
  convolution->in_channels = (size_t)(transposed ? in / groups : in);
  convolution->out_channels = (size_t)(transposed ? out : out / groups);
  convolution->taps = (size_t)vector_volume(spatial->kernel);
  convolution->in_plane = (size_t)vector_volume(spatial->input);
  convolution->out_plane = (size_t)vector_volume(spatial->output);
  if ((double)in * (double)out * (double)convolution->taps > LARGEST_FILTER)
    return vector_refuse(why, "the filters have too many elements");
  convolution->pointwise = is_pointwise(spatial);
  for (int32_t at = 0; at < VECTOR_SPATIAL; at++) {
    convolution->window.input[at] = spatial->input[at];
    convolution->window.output[at] = spatial->output[at];
    convolution->window.stride[at] = transposed ? 1 : spatial->stride[at];
    convolution->window.spread[at] = transposed ? spatial->stride[at] : 1;
  }
  return ONEIRO_OK;
}

int32_t vector_describe_ending(const oneiro_node *node, vector_ending *ending, oneiro_text *why) {
  *ending = (vector_ending){VECTOR_ADDS_NOTHING, NULL};
  int32_t status = vector_activation_of(node, &ending->activation, why);
  if (status || !oneiro_has_input(node, 3)) return status;
  const oneiro_tensor *z = &node->inputs[3], *y = &node->outputs[0];
  ending->added = VECTOR_ADDS_PIXELS;
  if (vector_same_dims(z, y)) return ONEIRO_OK;
  ending->added = VECTOR_ADDS_CHANNELS;
  if (z->rank != y->rank || z->dims[0] != y->dims[0] || z->dims[1] != y->dims[1] ||
      vector_product(z->dims, 2, z->rank) != 1)
    return vector_refuse(why, "Z has another shape than Y");
  return ONEIRO_OK;
}

/* A tap of a transposed convolution looks the other way: output o gets input (o + pad - tap) / stride. */
static void fill_taps(const vector_convolution *convolution, vector_tap *taps) {
  const vector_spatial *spatial = &convolution->spatial;
  for (size_t channel = 0; channel < convolution->in_channels; channel++)
    for (size_t tap = 0; tap < convolution->taps; tap++, taps++) {
      taps->plane = (ptrdiff_t)(channel * convolution->in_plane);
      vector_place_tap(spatial, tap, taps->at);
      for (int32_t at = 0; at < VECTOR_SPATIAL; at++) {
        int64_t offset = taps->at[at] - spatial->pad_begin[at];
        taps->at[at] = (int32_t)(convolution->transposed ? -offset : offset);
      }
    }
}

static vector_operand filters_of(const vector_convolution *convolution, const float *filters, size_t group) {
  size_t depth = convolution->in_channels * convolution->taps;
  const float *packed = convolution->packed ? convolution->packed + group * convolution->packed_group : NULL;
  return (vector_operand){.data = filters ? filters + group * convolution->out_channels * depth : NULL,
                          .line_step = (ptrdiff_t)depth, .depth_step = 1, .factor = 1,
                          .packed = packed};
}

void vector_turn_filters(const vector_convolution *convolution, float *to, const float *from) {
  size_t in = convolution->in_channels, out = convolution->out_channels, taps = convolution->taps;
  for (size_t group = 0; group < convolution->groups; group++)
    for (size_t i = 0; i < in; i++)
      for (size_t o = 0; o < out; o++)
        memcpy(to + ((group * out + o) * in + i) * taps, from + ((group * in + i) * out + o) * taps,
               taps * sizeof(float));
}

int32_t vector_prepare_convolution(oneiro_call *call, bool transposed) {
  vector_convolution described;
  int32_t status = vector_describe_convolution(call->node, transposed, &described, call->why);
  if (!status) status = vector_describe_ending(call->node, &described.ending, call->why);
  if (status) return status;
  size_t depth = described.in_channels * described.taps;
  const float *filters = call->node->inputs[1].data;
  described.plan = vector_plan_product(VECTOR_FLOATS, described.out_channels, described.out_plane, depth,
                                       described.batch * described.groups,
                                       filters ? VECTOR_A_PACKED : 0, call->threads);
  described.packed_group = vector_packed_rows_floats(VECTOR_FLOATS, described.out_channels, depth);
  size_t byte_count = filters ? described.groups * described.packed_group * sizeof(float) : 0;
  vector_packing packing;
  vector_convolution *state =
      vector_new_packed(call, sizeof described + depth * sizeof(vector_tap), byte_count, &packing);
  bool turns = state && transposed && filters && !packing.is_filled;
  float *turned = turns ? malloc(vector_filter_floats(&described) * sizeof(float) + 1) : NULL;
  if (!state || (turns && !turned)) {
    free(state);
    return vector_out_of_memory(call->why, byte_count);
  }
  *state = described;
  vector_tap *taps = (vector_tap *)(state + 1);
  fill_taps(state, taps);
  state->window.taps = taps;
  if (turned) vector_turn_filters(state, turned, filters);
  for (size_t group = 0; filters && !packing.is_filled && group < state->groups; group++) {
    vector_operand operand = filters_of(state, turned ? turned : filters, group);
    vector_pack_all_rows(call, &state->plan, &operand, (float *)packing.memory + group * state->packed_group);
  }
  if (filters) state->packed = packing.memory;
  free(turned);
  call->state = state;
  call->workspace_byte_count = vector_product_workspace(&state->plan);
  return ONEIRO_OK;
}

typedef struct convolution_job {
  const vector_convolution *convolution;
  const float *x, *filters, *bias, *added;
  const vector_weights *weights;
  float *y;
} convolution_job;

void vector_start_plane(const vector_convolution *convolution, float *y, size_t first, size_t count, const float *bias,
                        const float *added) {
  size_t plane = first / convolution->out_plane;
  float start = vector_plane_start(convolution, plane, bias, added);
  if (added && convolution->ending.added == VECTOR_ADDS_PIXELS) {
    vector_picked->affine(y, added + first, count, 0, 1, start);
    return;
  }
  for (size_t i = 0; i < count; i++) y[i] = start;
}

static void start_part(const void *argument, const vector_product_part *part) {
  const convolution_job *job = argument;
  for (size_t row = 0; row < part->rows; row++) {
    float *y = part->c + row * part->c_step;
    vector_start_plane(job->convolution, y, (size_t)(y - job->y), part->columns, job->bias, job->added);
  }
}

static void activate(const void *argument, const vector_product_part *part) {
  vector_activate_part(((const convolution_job *)argument)->convolution->ending.activation, part);
}

static void describe(const void *argument, size_t index, vector_product_item *item) {
  const convolution_job *job = argument;
  const vector_convolution *convolution = job->convolution;
  size_t group = index % convolution->groups;
  item->a = filters_of(convolution, job->filters, group);
  if (job->weights) {
    item->a.weights = job->weights;
    item->a.first = group * convolution->out_channels * convolution->in_channels * convolution->taps;
  }
  item->b = (vector_operand){.data = job->x + index * convolution->in_channels * convolution->in_plane,
                             .line_step = 1, .depth_step = (ptrdiff_t)convolution->in_plane,
                             .window = convolution->pointwise ? NULL : &convolution->window};
  item->c = job->y + index * convolution->out_channels * convolution->out_plane;
  if (job->added) item->start = start_part;
  else if (job->bias) item->row_start = job->bias + group * convolution->out_channels;
  if (convolution->ending.activation) item->finish = activate;
}

void vector_run_convolution(const oneiro_call *call, const vector_convolution *convolution, void *workspace,
                            const float *filters, const vector_weights *weights) {
  convolution_job job = {convolution, call->inputs[0].data, filters,
                         oneiro_has_input(call->node, 2) ? call->inputs[2].data : NULL, vector_added_of(call), weights,
                         call->outputs[0].data};
  vector_run_products(call, &convolution->plan, workspace, convolution->batch * convolution->groups,
                      convolution->out_plane, describe, &job);
}
