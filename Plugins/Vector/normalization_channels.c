/* Normalisations of [N, C, ...] with a scale and a bias for each channel: GroupNormalization, InstanceNormalization
 * (a group a channel) and BatchNormalization for inference (mean and variance given).
 *
 * The host may give an image to a BatchNormalization a band of rows at a time, with the moments of its groups, which it
 * has summed up band by band. So that nothing in the picture tells of that, moments are defined here to the last bit,
 * and the host's GroupStatistics has the same definition: an element's difference to the group's pivot, in float, goes
 * to one of 16 sums of its plane in turn, the sums of the planes are added in their order, then the 16. */
#include <math.h>
#include <string.h>

#include "activation.h"
#include "families.h"
#include "quantized.h"

static int32_t require_per_channel(const oneiro_node *node, size_t from, size_t to, oneiro_text *why) {
  int32_t status = vector_require_floats(node, why);
  if (status) return status;
  if (node->inputs[0].rank < 2) return vector_refuse(why, "rank %d", node->inputs[0].rank);
  for (size_t index = from; index < to; index++) {
    if (!oneiro_has_input(node, index)) return vector_refuse(why, "input %zu is absent", index);
    if (oneiro_element_count(&node->inputs[index]) != node->inputs[0].dims[1])
      return vector_refuse(why, "input %zu does not have one number a channel", index);
  }
  return vector_require_output(node, ONEIRO_FLOAT32, oneiro_element_count(&node->inputs[0]), why);
}

static int32_t supports_instance(const oneiro_node *node, oneiro_text *why) {
  return require_per_channel(node, 1, 3, why);
}

static int32_t supports_group(const oneiro_node *node, oneiro_text *why) {
  int32_t status = require_per_channel(node, 1, 3, why);
  if (status) return status;
  int64_t groups = oneiro_int(node, "num_groups", 0), channels = node->inputs[0].dims[1];
  if (groups < 1 || channels % groups != 0)
    return vector_refuse(why, "%lld channels do not split into %lld groups", (long long)channels, (long long)groups);
  if (oneiro_int(node, "stash_type", 1) != 1) return vector_refuse(why, "stash_type is not float32");
  return ONEIRO_OK;
}

static int32_t supports_fused_group(const oneiro_node *node, oneiro_text *why) {
  vector_unary_loop activation;
  int32_t status = vector_activation_of(node, &activation, why);
  return status ? status : supports_group(node, why);
}

/* Inputs behind which a quantization may come. */
enum { INPUTS = 3, BATCH_INPUTS = 5 };

static int32_t supports_quantized_group(const oneiro_node *node, oneiro_text *why) {
  vector_float_node plain;
  int32_t status = vector_float_node_of(node, INPUTS, &plain, why);
  return status ? status : supports_fused_group(&plain.node, why);
}

/* ConcatGroupNormalization as the normalization of what it joins, its first output. */
typedef struct joined_node {
  oneiro_node node;
  oneiro_tensor inputs[INPUTS + 2];
} joined_node;

enum { PARTS = 2, QUANTIZED_INPUTS = INPUTS + PARTS - 1 };

/* - inputs, outputs: of the node, with data or without. */
static void joined_node_of(const oneiro_node *node, const oneiro_tensor *inputs, const oneiro_tensor *outputs,
                           joined_node *joined) {
  joined->node = *node;
  joined->node.input_count = node->input_count - PARTS + 1;
  joined->node.inputs = joined->inputs;
  joined->node.outputs = outputs + 1;
  joined->node.output_count = 1;
  joined->inputs[0] = outputs[0];
  memcpy(joined->inputs + 1, inputs + PARTS, (node->input_count - PARTS) * sizeof *inputs);
}

static int32_t supports_joined(const oneiro_node *node, oneiro_text *why) {
  if (node->input_count <= INPUTS || node->input_count > INPUTS + PARTS + 1 || node->output_count != 2)
    return vector_refuse(why, "%zu inputs and %zu outputs", node->input_count, node->output_count);
  for (size_t part = 0; part < PARTS; part++) {
    int32_t status = vector_require_input(node, part, ONEIRO_FLOAT32, why);
    if (status) return status;
  }
  joined_node joined;
  joined_node_of(node, node->inputs, node->outputs, &joined);
  return oneiro_has_input(node, QUANTIZED_INPUTS) ? supports_quantized_group(&joined.node, why)
                                                  : supports_fused_group(&joined.node, why);
}

static int32_t supports_batch(const oneiro_node *node, oneiro_text *why) {
  if (oneiro_int(node, "training_mode", 0) != 0) return vector_refuse(why, "training_mode");
  if (node->output_count > 1) return vector_refuse(why, "more than one output");
  return require_per_channel(node, 1, 5, why);
}

/* With a quantization behind it, or without. */
static int32_t supports_fused_batch(const oneiro_node *node, oneiro_text *why) {
  vector_unary_loop activation;
  int32_t status = vector_activation_of(node, &activation, why);
  if (status || !oneiro_has_input(node, BATCH_INPUTS)) return status ? status : supports_batch(node, why);
  vector_float_node plain;
  status = vector_float_node_of(node, BATCH_INPUTS, &plain, why);
  return status ? status : supports_batch(&plain.node, why);
}

typedef struct channels_job {
  float *y;
  const float *x, *scale, *bias, *mean, *variance;
  size_t channels, group, plane;      /* of the tensor, of a group, elements of one */
  size_t run;                         /* elements next to each other that are summed up as one plane */
  size_t beginning;                   /* elements whose mean is a group's pivot */
  float epsilon;
  vector_unary_loop activation;       /* NULL: none */
  uint8_t *bytes;                     /* in the place of y, where the result is quantized */
  vector_quantization to;
  /* What x is joined of, in x's own memory; NULL where it is there. */
  const float *parts[PARTS];
  size_t split;                       /* channels of the first part */
  float *joined;
} channels_job;

/* Elements that are still in the first-level cache when the activation reads them. */
enum { STRETCH = 2048 };

/* One channel: (x - mean) * factor + offset. */
static void write_channel(const channels_job *job, size_t index, float mean, float factor, float offset) {
  const float *x = job->x + index * job->plane;
  float floats[STRETCH];
  size_t stretch = job->activation || job->bytes ? STRETCH : job->plane;
  for (size_t first = 0; first < job->plane; first += stretch) {
    size_t count = job->plane - first < stretch ? job->plane - first : stretch;
    float *y = job->bytes ? floats : job->y + index * job->plane + first;
    vector_picked->affine(y, x + first, count, mean, factor, offset);
    if (job->activation) job->activation(y, y, count, NULL);
    if (job->bytes) vector_picked->quantize_row(job->bytes + index * job->plane + first, y, count, &job->to);
  }
}

/* The mean as a float, what it lacks of the true one, and the variance: as BatchNormalization gets it, which is a float,
 * but where none is as large, or as small. */
typedef struct group_moments {
  float mean;
  double rest, variance;
} group_moments;

/* In one walk. The pivot is the mean of some of the elements, so its distance to the mean of all is no more than the
 * deviation times the root of how many times as many there are: the squares about it can be corrected by that distance.
 * Differences to it are floats. Products stand by themselves lest a compiler fuses them. */
static group_moments moments_of(const channels_job *job, const float *x) {
  size_t count = job->group * job->plane;
  double pivot_sum = 0, sums[VECTOR_MOMENT_LANES] = {0}, squares[VECTOR_MOMENT_LANES] = {0};
  for (size_t i = 0; i < job->beginning; i++) pivot_sum += (double)x[i];
  float pivot = (float)(pivot_sum / (double)job->beginning);
  for (size_t first = 0; first < count; first += job->run) {
    double plane_sums[VECTOR_MOMENT_LANES] = {0}, plane_squares[VECTOR_MOMENT_LANES] = {0};
    vector_picked->add_deviations(x + first, job->run, pivot, plane_sums, plane_squares);
    for (size_t lane = 0; lane < VECTOR_MOMENT_LANES; lane++) {
      sums[lane] += plane_sums[lane];
      squares[lane] += plane_squares[lane];
    }
  }
  double sum = 0, square = 0;
  for (size_t lane = 0; lane < VECTOR_MOMENT_LANES; lane++) {
    sum += sums[lane];
    square += squares[lane];
  }
  double distance = sum / (double)count, correction = distance * distance;
  double mean = (double)pivot + distance, variance = square / (double)count - correction;
  if (variance < 0) variance = 0;
  if (isnormal((float)variance)) variance = (double)(float)variance;
  return (group_moments){(float)mean, mean - (double)(float)mean, variance};
}

static float factor_of(const channels_job *job, double variance, size_t channel) {
  return (float)(1 / sqrt(variance + (double)job->epsilon)) * job->scale[channel];
}

/* Writes a group's channels, which begin at plane `first`, where the normalization reads them next. */
static void join_group(const channels_job *job, size_t first) {
  size_t image = first / job->channels, channel = first % job->channels, end = channel + job->group;
  size_t second = end > job->split ? end - (channel > job->split ? channel : job->split) : 0;
  size_t count = job->group - second;
  float *target = job->joined + first * job->plane;
  if (count > 0)
    memcpy(target, job->parts[0] + (image * job->split + channel) * job->plane, count * job->plane * sizeof(float));
  if (second > 0)
    memcpy(target + count * job->plane,
           job->parts[1] + (image * (job->channels - job->split) + channel + count - job->split) * job->plane,
           second * job->plane * sizeof(float));
}

static void normalize_groups(void *argument, size_t begin, size_t end) {
  const channels_job *job = argument;
  for (size_t group = begin; group < end; group++) {
    size_t first = group * job->group;
    if (job->joined) join_group(job, first);
    group_moments moments = moments_of(job, job->x + first * job->plane);
    for (size_t index = first; index < first + job->group; index++) {
      size_t channel = index % job->channels;
      float factor = factor_of(job, moments.variance, channel);
      double shift = moments.rest * (double)factor;
      write_channel(job, index, moments.mean, factor, (float)((double)job->bias[channel] - shift));
    }
  }
}

static void normalize_by_statistics(void *argument, size_t begin, size_t end) {
  const channels_job *job = argument;
  for (size_t index = begin; index < end; index++) {
    size_t channel = index % job->channels;
    write_channel(job, index, job->mean[channel], factor_of(job, job->variance[channel], channel), job->bias[channel]);
  }
}

static channels_job job_of(const oneiro_call *call) {
  const oneiro_tensor *x = &call->inputs[0];
  return (channels_job){.y = call->outputs[0].data, .x = x->data, .scale = call->inputs[1].data,
                        .bias = call->inputs[2].data, .channels = (size_t)x->dims[1],
                        .plane = (size_t)vector_product(x->dims, 2, x->rank),
                        .epsilon = oneiro_float(call->node, "epsilon", 1e-5f)};
}

static int32_t run_groups(const oneiro_call *call, size_t groups, channels_job job) {
  enum { IMAGE_RANK = 4, BEGINNING = 16 };
  const oneiro_tensor *x = &call->inputs[0];
  if (oneiro_element_count(x) == 0) return ONEIRO_OK;
  job.group = job.channels / groups;
  /* Nothing but images [N, C, H, W] comes in bands, the first of which has a row at least. */
  bool is_image = x->rank == IMAGE_RANK;
  job.run = is_image ? job.plane : job.group * job.plane;
  job.beginning = is_image ? (size_t)x->dims[3] : job.run;
  if (job.beginning > BEGINNING) job.beginning = BEGINNING;
  vector_parallel_ranges(call, (size_t)call->inputs[0].dims[0] * groups, job.group * job.plane * 3, normalize_groups,
                         &job);
  return ONEIRO_OK;
}

/* GroupNormalization as well, which has no activation. */
static int32_t compute_group(const oneiro_call *call) {
  channels_job job = job_of(call);
  int32_t status = vector_activation_of(call->node, &job.activation, call->why);
  return status ? status : run_groups(call, (size_t)oneiro_int(call->node, "num_groups", 1), job);
}

static int32_t compute_quantized_group(const oneiro_call *call) {
  channels_job job = job_of(call);
  int32_t status = vector_activation_of(call->node, &job.activation, call->why);
  if (status) return status;
  job.bytes = call->outputs[0].data;
  job.to = vector_quantization_of(call, INPUTS);
  return run_groups(call, (size_t)oneiro_int(call->node, "num_groups", 1), job);
}

static int32_t compute_joined(const oneiro_call *call) {
  joined_node joined;
  joined_node_of(call->node, call->inputs, call->outputs, &joined);
  oneiro_call inner = *call;
  inner.node = &joined.node;
  inner.inputs = joined.inputs;
  inner.outputs = joined.node.outputs;
  channels_job job = job_of(&inner);
  int32_t status = vector_activation_of(call->node, &job.activation, call->why);
  if (status) return status;
  job.joined = call->outputs[0].data;
  for (size_t part = 0; part < PARTS; part++) job.parts[part] = call->inputs[part].data;
  job.split = (size_t)call->inputs[0].dims[1];
  if (oneiro_has_input(call->node, QUANTIZED_INPUTS)) {
    job.bytes = inner.outputs[0].data;
    job.to = vector_quantization_of(&inner, INPUTS);
  }
  return run_groups(&inner, (size_t)oneiro_int(call->node, "num_groups", 1), job);
}

static int32_t compute_instance(const oneiro_call *call) {
  return run_groups(call, (size_t)call->inputs[0].dims[1], job_of(call));
}

/* BatchNormalization as well, which has no activation. */
static int32_t compute_batch(const oneiro_call *call) {
  channels_job job = job_of(call);
  int32_t status = vector_activation_of(call->node, &job.activation, call->why);
  if (status) return status;
  job.mean = call->inputs[3].data;
  job.variance = call->inputs[4].data;
  if (oneiro_has_input(call->node, BATCH_INPUTS)) {
    job.bytes = call->outputs[0].data;
    job.to = vector_quantization_of(call, BATCH_INPUTS);
  }
  size_t planes = (size_t)call->inputs[0].dims[0] * job.channels;
  vector_parallel_ranges(call, planes, job.plane, normalize_by_statistics, &job);
  return ONEIRO_OK;
}

static const vector_kernel kernels[] = {
    {"GroupNormalization", 21, supports_group, NULL, compute_group, NULL, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"FusedGroupNormalization", 1, supports_fused_group, NULL, compute_group, NULL, "ai.oneiro",
     .flags = ONEIRO_KERNEL_IN_PLACE},
    {"QuantizeGroupNormalization", 1, supports_quantized_group, NULL, compute_quantized_group, NULL, "ai.oneiro"},
    {"ConcatGroupNormalization", 1, supports_joined, NULL, compute_joined, NULL, "ai.oneiro"},
    {"InstanceNormalization", 22, supports_instance, NULL, compute_instance, NULL, NULL,
     .flags = ONEIRO_KERNEL_IN_PLACE},
    {"BatchNormalization", 15, supports_batch, NULL, compute_batch, NULL, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"FusedBatchNormalization", 1, supports_fused_batch, NULL, compute_batch, NULL, "ai.oneiro",
     .flags = ONEIRO_KERNEL_IN_PLACE},
};
VECTOR_FAMILY(vector_normalization_channels, kernels);
