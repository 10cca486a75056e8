/* A worker takes a block of as many channels as a vector has lanes, and a band of output rows: it turns the input rows
 * that the band needs from planes into lanes, runs the filters over them, activates, and turns the result back. What it
 * has between the two stays in its second-level cache. */
#include "depthwise.h"
#include "sizes.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Floats of a band's input and output together: as a rule, and at most. */
enum { BAND_FLOATS = 1 << 15, MOST_FLOATS = 1 << 18 };
/* Multiplications below which a second thread costs more than it saves. */
static const double WORTH_SHARING = 1e5;

typedef struct depthwise_state {
  vector_depthwise shape;
  int64_t input[2], output[2];
  size_t before;                        /* pixels of padding before a row */
  size_t batch, channels, repeats;      /* of the output; output channels for each one of the input */
  size_t blocks, bands;
  int64_t band;                         /* output rows */
  size_t input_floats, worker_floats, workers;
  vector_unary_loop activation;
  const float *filters;                 /* [block, tap, lane] */
} depthwise_state;

/* Pixels of a padded row of the input. */
static int64_t padded_width(const vector_spatial *spatial) {
  int64_t seen = (spatial->output[2] - 1) * spatial->stride[2] + (spatial->kernel[2] - 1) * spatial->dilation[2] + 1;
  int64_t filled = spatial->pad_begin[2] + spatial->input[2];
  return seen > filled ? seen : filled;
}

/* Input rows that `count` output rows span. */
static int64_t rows_spanned(const vector_spatial *spatial, int64_t count) {
  int64_t rows = (count - 1) * spatial->stride[1] + (spatial->kernel[1] - 1) * spatial->dilation[1] + 1;
  return rows < spatial->input[1] ? rows : spatial->input[1];
}

static double band_floats(const vector_spatial *spatial, int64_t rows) {
  return ((double)rows_spanned(spatial, rows) * (double)padded_width(spatial) +
          (double)rows * (double)spatial->output[2]) * (double)vector_picked->lanes;
}

static int32_t describe(const oneiro_node *node, vector_convolution *convolution, oneiro_text *why) {
  int32_t status = vector_require_floats(node, why);
  if (!status) status = vector_describe_convolution(node, false, convolution, why);
  return status ? status : vector_describe_ending(node, &convolution->ending, why);
}

int32_t vector_depthwise_supports(const oneiro_node *node, oneiro_text *why) {
  vector_convolution convolution;
  int32_t status = describe(node, &convolution, why);
  if (status) return status;
  if (convolution.in_channels != 1)
    return vector_refuse(why, "depthwise: filters of %zu channels", convolution.in_channels);
  if (convolution.spatial.axes > 2) return vector_refuse(why, "depthwise: %d spatial axes", convolution.spatial.axes);
  if (!node->inputs[1].data) return vector_refuse(why, "depthwise: the filters are no constant");
  if (convolution.ending.added) return vector_refuse(why, "depthwise: something is added");
  if (convolution.batch * convolution.groups * convolution.out_plane == 0)
    return vector_refuse(why, "depthwise: nothing to compute");
  if (band_floats(&convolution.spatial, 1) > MOST_FLOATS) return vector_refuse(why, "depthwise: too much for one row");
  return ONEIRO_OK;
}

double vector_depthwise_relative_time(const oneiro_node *node, int32_t threads) {
  (void)threads;
  vector_convolution convolution;
  if (describe(node, &convolution, NULL)) return INFINITY;
  /* Measured, in vectors: a pixel from a plane or to one, and a row's way into the loop that adds a tap. */
  const double TURN = 3, ROW = 10, STRIDED = 8;
  const vector_spatial *spatial = &convolution.spatial;
  double lanes = (double)vector_picked->lanes, channels = (double)(convolution.groups * convolution.out_channels);
  double taps = (double)convolution.taps, pixels = (double)convolution.out_plane;
  double here = ceil(channels / lanes) * (TURN * (double)convolution.in_plane + (TURN + taps) * pixels);
  double row = ROW + ceil((double)spatial->output[2] / lanes) * (spatial->stride[2] == 1 ? 1.5 : STRIDED);
  double there = channels * (double)spatial->output[1] * taps * row;
  /* Not so little that whoever else promises what the definition takes is left out of a measurement. */
  return fmax(here / there, 0.7);
}

static void pack_filters(const depthwise_state *state, float *packed, const float *filters, size_t taps) {
  size_t lanes = vector_picked->lanes;
  for (size_t channel = 0; channel < state->blocks * lanes; channel++)
    for (size_t tap = 0; tap < taps; tap++)
      packed[(channel / lanes * taps + tap) * lanes + channel % lanes] =
          channel < state->channels ? filters[channel * taps + tap] : 0;
}

static void fill_reach(const vector_spatial *spatial, vector_reach *reach) {
  int64_t input = spatial->input[1], kernel = spatial->kernel[1], dilation = spatial->dilation[1];
  for (int64_t row = 0; row < spatial->output[1]; row++) {
    int64_t first = row * spatial->stride[1] - spatial->pad_begin[1];
    int64_t begin = first < 0 ? (dilation - 1 - first) / dilation : 0;
    int64_t end = first < input ? (input - first + dilation - 1) / dilation : 0;
    if (end > kernel) end = kernel;
    if (begin > end) begin = end;
    reach[row] = (vector_reach){first, begin, end};
  }
}

/* Bands of about the same height, which fit the cache. */
static void cut_bands(const vector_spatial *spatial, depthwise_state *state) {
  int64_t height = spatial->output[1], bands = 1;
  while (bands < height && band_floats(spatial, (height + bands - 1) / bands) > BAND_FLOATS) bands++;
  state->band = (height + bands - 1) / bands;
  state->bands = divide_up((size_t)height, (size_t)state->band);
}

int32_t vector_depthwise_prepare(oneiro_call *call) {
  vector_convolution convolution;
  int32_t status = describe(call->node, &convolution, call->why);
  if (status) return status;
  const vector_spatial *spatial = &convolution.spatial;
  size_t lanes = vector_picked->lanes, channels = convolution.groups * convolution.out_channels;
  size_t blocks = divide_up(channels, lanes), rows = (size_t)spatial->output[1];
  size_t filter_floats = blocks * lanes * convolution.taps;
  size_t byte_count = filter_floats * sizeof(float);
  vector_packing packing;
  depthwise_state *state = vector_new_packed(call, sizeof *state + rows * sizeof(vector_reach), byte_count, &packing);
  if (!state) return vector_out_of_memory(call->why, byte_count);
  vector_reach *reach = (vector_reach *)(state + 1);
  *state = (depthwise_state){
      .shape = {.outputs = spatial->output[2], .width = padded_width(spatial),
                .kernel = {spatial->kernel[1], spatial->kernel[2]}, .stride = spatial->stride[2],
                .dilation = {spatial->dilation[1], spatial->dilation[2]}, .reach = reach},
      .input = {spatial->input[1], spatial->input[2]}, .output = {spatial->output[1], spatial->output[2]},
      .before = (size_t)spatial->pad_begin[2], .batch = convolution.batch, .channels = channels,
      .repeats = convolution.out_channels, .blocks = blocks, .activation = convolution.ending.activation,
      .filters = packing.memory};
  fill_reach(spatial, reach);
  cut_bands(spatial, state);
  if (!packing.is_filled) pack_filters(state, packing.memory, call->node->inputs[1].data, convolution.taps);
  oneiro_set_packed(call, 1);
  state->input_floats = (size_t)(rows_spanned(spatial, state->band) * state->shape.width) * lanes;
  state->worker_floats = state->input_floats + (size_t)(state->band * spatial->output[2]) * lanes;
  double work = (double)(convolution.batch * channels * convolution.out_plane) * (double)convolution.taps;
  state->workers = work > WORTH_SHARING ? (size_t)call->threads : 1;
  call->state = state;
  call->workspace_byte_count = state->workers * state->worker_floats * sizeof(float);
  return ONEIRO_OK;
}

typedef struct depthwise_job {
  const depthwise_state *state;
  const float *x, *end, *bias;
  float *y, *workspace;
  size_t items;
  _Atomic size_t next;
} depthwise_job;

/* Rows `begin` ..< `end` of the input, with channels in lanes and zeros around. */
static void fill_input(const depthwise_job *job, float *input, size_t first, size_t present, int64_t begin,
                       int64_t end) {
  const depthwise_state *state = job->state;
  const vector_loops *loops = vector_picked;
  size_t lanes = loops->lanes, rows = (size_t)(end - begin), width = (size_t)state->input[1];
  size_t step = (size_t)state->shape.width, before = state->before * lanes, filled = before + width * lanes;
  for (size_t row = 0; row < rows; row++) {
    float *at = input + row * step * lanes;
    memset(at, 0, before * sizeof(float));
    memset(at + filled, 0, (step * lanes - filled) * sizeof(float));
  }
  size_t plane = (size_t)state->input[0] * width;
  const float *planes = job->x + first / state->repeats * plane + (size_t)begin * width;
  loops->lanes_from_planes(input + before, width, step, planes, plane, rows * width, present, first % state->repeats,
                           state->repeats, job->end);
}

static void run_band(const depthwise_job *job, size_t item, float *memory) {
  const depthwise_state *state = job->state;
  const vector_depthwise *shape = &state->shape;
  const vector_loops *loops = vector_picked;
  size_t lanes = loops->lanes, block = item / state->bands % state->blocks, image = item / state->bands / state->blocks;
  size_t channel = block * lanes, left = state->channels - channel, present = left < lanes ? left : lanes;
  size_t first = image * state->channels + channel;          /* plane of Y */
  int64_t row = (int64_t)(item % state->bands) * state->band;
  int64_t rows = state->output[0] - row < state->band ? state->output[0] - row : state->band;
  /* The input rows that these outputs see. */
  int64_t begin = shape->reach[row].first;
  int64_t end = shape->reach[row + rows - 1].first + (shape->kernel[0] - 1) * shape->dilation[0] + 1;
  if (begin < 0) begin = 0;
  if (end > state->input[0]) end = state->input[0];
  float *input = memory, *output = memory + state->input_floats;
  if (begin < end && state->input[1] > 0) fill_input(job, input, first, present, begin, end);
  float bias[VECTOR_MOST_LANES] = {0};
  if (job->bias) memcpy(bias, job->bias + channel, present * sizeof(float));
  size_t taps = (size_t)(shape->kernel[0] * shape->kernel[1]), pixels = (size_t)(rows * shape->outputs);
  loops->depthwise(output, input, shape, state->filters + block * taps * lanes, bias, row, rows, begin);
  if (state->activation) state->activation(output, output, pixels * lanes, NULL);
  size_t plane = (size_t)(state->output[0] * state->output[1]);
  float *y = job->y + first * plane + (size_t)(row * state->output[1]);
  loops->planes_from_lanes(y, plane, output, lanes, pixels, present, state->bands == 1 ? y + present * plane : y);
}

static void run_worker(void *argument, size_t worker) {
  depthwise_job *job = argument;
  float *memory = job->workspace + worker * job->state->worker_floats;
  for (size_t item; (item = atomic_fetch_add(&job->next, 1)) < job->items;) run_band(job, item, memory);
}

int32_t vector_depthwise_compute(const oneiro_call *call) {
  const depthwise_state *state = call->state;
  const float *x = call->inputs[0].data;
  size_t items = state->batch * state->blocks * state->bands;
  depthwise_job job = {state, x, x + oneiro_element_count(&call->inputs[0]),
                       oneiro_has_input(call->node, 2) ? call->inputs[2].data : NULL, call->outputs[0].data,
                       call->workspace, items, 0};
  size_t workers = state->workers < (size_t)call->threads ? state->workers : (size_t)call->threads;
  vector_parallel_workers(call, workers < items ? workers : items, run_worker, &job);
  return ONEIRO_OK;
}
