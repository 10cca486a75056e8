/* Normalisations of [N, C, ...] with a scale and a bias for each channel: GroupNormalization, InstanceNormalization
 * (a group a channel) and BatchNormalization for inference (mean and variance given). */
#include "activation.h"
#include "families.h"
#include "normalization.h"
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

/* Inputs of every normalization here but BatchNormalization, behind which a quantization may come. */
enum { INPUTS = 3 };

static int32_t supports_quantized_group(const oneiro_node *node, oneiro_text *why) {
  vector_float_node plain;
  int32_t status = vector_float_node_of(node, INPUTS, &plain, why);
  return status ? status : supports_fused_group(&plain.node, why);
}

static int32_t supports_batch(const oneiro_node *node, oneiro_text *why) {
  if (oneiro_int(node, "training_mode", 0) != 0) return vector_refuse(why, "training_mode");
  if (node->output_count > 1) return vector_refuse(why, "more than one output");
  return require_per_channel(node, 1, 5, why);
}

typedef struct channels_job {
  float *y;
  const float *x, *scale, *bias, *mean, *variance;
  size_t channels, group, plane;      /* of the tensor, of a group, elements of one */
  float epsilon;
  vector_unary_loop activation;       /* NULL: none */
  uint8_t *bytes;                     /* in the place of y, where the result is quantized */
  vector_quantization to;
} channels_job;

/* Elements that are still in the first-level cache when the activation reads them. */
enum { STRETCH = 2048 };

/* One channel: (x - mean) * inverse_deviation * scale + bias. */
static void write_channel(const channels_job *job, size_t index, size_t channel, row_moments moments) {
  float factor = moments.inverse_deviation * job->scale[channel];
  float offset = job->bias[channel] - moments.rest * factor;
  const float *x = job->x + index * job->plane;
  float floats[STRETCH];
  size_t stretch = job->activation || job->bytes ? STRETCH : job->plane;
  for (size_t first = 0; first < job->plane; first += stretch) {
    size_t count = job->plane - first < stretch ? job->plane - first : stretch;
    float *y = job->bytes ? floats : job->y + index * job->plane + first;
    vector_picked->affine(y, x + first, count, moments.mean, factor, offset);
    if (job->activation) job->activation(y, y, count, NULL);
    if (job->bytes) vector_picked->quantize_row(job->bytes + index * job->plane + first, y, count, &job->to);
  }
}

static void normalize_groups(void *argument, size_t begin, size_t end) {
  const channels_job *job = argument;
  for (size_t group = begin; group < end; group++) {
    size_t first = group * job->group;
    row_moments moments = vector_row_moments(job->x + first * job->plane, job->group * job->plane, job->epsilon);
    for (size_t index = first; index < first + job->group; index++)
      write_channel(job, index, index % job->channels, moments);
  }
}

static void normalize_by_statistics(void *argument, size_t begin, size_t end) {
  const channels_job *job = argument;
  for (size_t index = begin; index < end; index++) {
    size_t channel = index % job->channels;
    double variance = (double)job->variance[channel] + (double)job->epsilon;
    write_channel(job, index, channel, (row_moments){job->mean[channel], 0, (float)(1 / sqrt(variance))});
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
  if (oneiro_element_count(&call->inputs[0]) == 0) return ONEIRO_OK;
  job.group = job.channels / groups;
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

static int32_t compute_instance(const oneiro_call *call) {
  return run_groups(call, (size_t)call->inputs[0].dims[1], job_of(call));
}

static int32_t compute_batch(const oneiro_call *call) {
  channels_job job = job_of(call);
  job.mean = call->inputs[3].data;
  job.variance = call->inputs[4].data;
  size_t planes = (size_t)call->inputs[0].dims[0] * job.channels;
  vector_parallel_ranges(call, planes, job.plane, normalize_by_statistics, &job);
  return ONEIRO_OK;
}

static const vector_kernel kernels[] = {
    {"GroupNormalization", 21, supports_group, NULL, compute_group, NULL, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"FusedGroupNormalization", 1, supports_fused_group, NULL, compute_group, NULL, "ai.oneiro",
     .flags = ONEIRO_KERNEL_IN_PLACE},
    {"QuantizeGroupNormalization", 1, supports_quantized_group, NULL, compute_quantized_group, NULL, "ai.oneiro"},
    {"InstanceNormalization", 22, supports_instance, NULL, compute_instance, NULL, NULL,
     .flags = ONEIRO_KERNEL_IN_PLACE},
    {"BatchNormalization", 15, supports_batch, NULL, compute_batch, NULL, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
};
VECTOR_FAMILY(vector_normalization_channels, kernels);
