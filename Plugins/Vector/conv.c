/* Conv over one to three spatial axes. A channel with one or two filters of its own (depthwise) leaves too little to
 * multiply as matrices: those are added tap by tap, row by row. */
#include <math.h>
#include <stdlib.h>

#include "convolution.h"
#include "depthwise.h"
#include "families.h"
#include "small_planes.h"
#include "split_conv.h"
#include "winograd.h"

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  int32_t status = vector_require_floats(node, why);
  vector_convolution convolution;
  return status ? status : vector_describe_convolution(node, false, &convolution, why);
}

static bool is_depthwise(const vector_convolution *convolution) {
  return convolution->in_channels == 1 && convolution->out_channels <= 2;
}

static int32_t prepare(oneiro_call *call) {
  int32_t status = vector_prepare_convolution(call, false);
  if (!status && call->node->inputs[1].data && !is_depthwise(call->state)) oneiro_set_packed(call, 1);
  return status;
}

typedef struct depthwise_job {
  const vector_convolution *convolution;
  const float *x, *filters, *bias, *added;
  float *y;
} depthwise_job;

/* Adds one tap to one output row: the part of the row whose input lies inside. */
static void add_tap(const vector_spatial *spatial, float *y, const float *x, int32_t at, float weight) {
  int64_t width = spatial->input[2], stride = spatial->stride[2];
  int64_t begin = at < 0 ? (-(int64_t)at + stride - 1) / stride : 0;
  int64_t end = at < width ? (width - 1 - at) / stride + 1 : 0;
  if (end > spatial->output[2]) end = spatial->output[2];
  if (begin < end)
    vector_picked->add_scaled(y + begin, x + begin * stride + at, (size_t)(end - begin), (size_t)stride, weight);
}

static void run_planes(void *argument, size_t begin, size_t end) {
  const depthwise_job *job = argument;
  const vector_convolution *convolution = job->convolution;
  const vector_spatial *spatial = &convolution->spatial;
  const int64_t *input = spatial->input, *output = spatial->output, *stride = spatial->stride;
  size_t channels = convolution->groups * convolution->out_channels;
  for (size_t plane = begin; plane < end; plane++) {
    size_t channel = plane % channels;
    const float *x = job->x + plane / convolution->out_channels * convolution->in_plane;
    float *y = job->y + plane * convolution->out_plane;
    for (int64_t row = 0; row < output[0] * output[1]; row++, y += output[2]) {
      vector_start_plane(convolution, y, (size_t)(y - job->y), (size_t)output[2], job->bias, job->added);
      for (size_t k = 0; k < convolution->taps; k++) {
        const vector_tap *tap = &convolution->window.taps[k];
        int64_t i0 = row / output[1] * stride[0] + tap->at[0], i1 = row % output[1] * stride[1] + tap->at[1];
        if (i0 >= 0 && i0 < input[0] && i1 >= 0 && i1 < input[1])
          add_tap(spatial, y, x + (i0 * input[1] + i1) * input[2], tap->at[2],
                  job->filters[channel * convolution->taps + k]);
      }
      if (convolution->ending.activation) convolution->ending.activation(y, y, (size_t)output[2], NULL);
    }
  }
}

static int32_t compute(const oneiro_call *call) {
  const vector_convolution *convolution = call->state;
  const float *filters = call->inputs[1].data;
  if (!is_depthwise(convolution)) {
    vector_run_convolution(call, convolution, call->workspace, filters, NULL);
    return ONEIRO_OK;
  }
  depthwise_job job = {convolution, call->inputs[0].data, filters,
                       oneiro_has_input(call->node, 2) ? call->inputs[2].data : NULL, vector_added_of(call),
                       call->outputs[0].data};
  if (convolution->out_plane == 0) return ONEIRO_OK;
  vector_parallel_ranges(call, convolution->batch * convolution->groups * convolution->out_channels,
                         convolution->out_plane * convolution->taps, run_planes, &job);
  return ONEIRO_OK;
}

static int32_t supports_winograd(const oneiro_node *node, oneiro_text *why) {
  int32_t status = vector_require_floats(node, why);
  vector_convolution convolution;
  if (!status) status = vector_describe_convolution(node, false, &convolution, why);
  return status ? status : vector_winograd_supports(&convolution, why);
}

/* Products to sum for an output, above which an ending of its own costs little, and whoever has the fastest plain
 * convolution should have the node. */
enum { SHORT_SUM = 48 };

static int32_t supports_fused(const oneiro_node *node, oneiro_text *why) {
  int32_t status = vector_require_floats(node, why);
  vector_convolution convolution;
  if (!status) status = vector_describe_convolution(node, false, &convolution, why);
  if (!status) status = vector_describe_ending(node, &convolution.ending, why);
  if (status) return status;
  if (convolution.in_channels * convolution.taps > SHORT_SUM)
    return vector_refuse(why, "the ending is little beside the sums");
  /* Planes that leave the tiles' columns empty. */
  if (!is_depthwise(&convolution) && convolution.out_plane < vector_picked->tile_columns)
    return vector_refuse(why, "the planes are too small");
  return ONEIRO_OK;
}

static int32_t supports_winograd_fused(const oneiro_node *node, oneiro_text *why) {
  int32_t status = vector_require_floats(node, why);
  vector_convolution convolution;
  if (!status) status = vector_describe_convolution(node, false, &convolution, why);
  return status ? status : vector_winograd_supports_fused(node, &convolution, why);
}

static double winograd_relative_time(const oneiro_node *node, int32_t threads) {
  (void)threads;
  vector_convolution convolution;
  if (vector_describe_convolution(node, false, &convolution, NULL)) return INFINITY;
  return vector_winograd_relative_time(&convolution);
}

#define DEPTHWISE vector_depthwise_supports, vector_depthwise_prepare, vector_depthwise_compute, free
#define SMALL_PLANES vector_small_planes_supports, vector_small_planes_prepare, vector_small_planes_compute, free
#define SPLIT vector_split_conv_prepare, vector_split_conv_compute, free
#define WINOGRAD vector_winograd_prepare, vector_winograd_compute, free
static const vector_kernel kernels[] = {
    {"Conv", 22, supports, prepare, compute, free, NULL, NULL, NULL, 0},
    {"Conv", 22, DEPTHWISE, NULL, vector_depthwise_relative_time, "channels in lanes", 0},
    {"Conv", 22, SMALL_PLANES, NULL, vector_small_planes_relative_time, "pixels as rows", 0},
    {"Conv", 22, supports_winograd, WINOGRAD, NULL, winograd_relative_time, "Winograd", ONEIRO_KERNEL_APPROXIMATE},
    {"Conv", 22, vector_split_conv_supports, SPLIT, NULL, vector_split_conv_relative_time, VECTOR_SPLIT_METHOD,
     ONEIRO_KERNEL_APPROXIMATE, .splits = true},
    {"FusedConv", 1, supports_fused, prepare, compute, free, "ai.oneiro", NULL, NULL, 0},
    {"FusedConv", 1, DEPTHWISE, "ai.oneiro", vector_depthwise_relative_time, "channels in lanes", 0},
    {"FusedConv", 1, SMALL_PLANES, "ai.oneiro", vector_small_planes_relative_time, "pixels as rows", 0},
    {"FusedConv", 1, supports_winograd_fused, WINOGRAD, "ai.oneiro", winograd_relative_time, "Winograd",
     ONEIRO_KERNEL_APPROXIMATE},
    {"FusedConv", 1, vector_split_conv_supports_fused, SPLIT, "ai.oneiro", vector_split_conv_relative_time,
     VECTOR_SPLIT_METHOD, ONEIRO_KERNEL_APPROXIMATE, .splits = true},
};
VECTOR_FAMILY(vector_conv, kernels);
