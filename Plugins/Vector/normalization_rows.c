/* LayerNormalization and RMSNormalization: over the axes [axis, rank), a row at a time. */
#include "families.h"
#include "normalization.h"
#include "quantized.h"

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  int32_t status = vector_require_floats(node, why);
  if (status) return status;
  const oneiro_tensor *x = &node->inputs[0];
  int64_t wanted = oneiro_int(node, "axis", -1);
  int32_t axis = vector_axis(wanted, x->rank);
  if (axis < 0) return vector_refuse(why, "axis %lld is outside rank %d", (long long)wanted, x->rank);
  if (oneiro_int(node, "stash_type", 1) != 1) return vector_refuse(why, "stash_type is not float32");
  if (!oneiro_has_input(node, 1)) return vector_refuse(why, "the scale is absent");
  /* Scale and bias may broadcast; only those that give every element of the row its own number are taken. */
  int64_t row = vector_product(x->dims, axis, x->rank);
  for (size_t index = 1; index < node->input_count && index < 3; index++)
    if (oneiro_has_input(node, index) && oneiro_element_count(&node->inputs[index]) != row)
      return vector_refuse(why, "input %zu has %lld elements, a row %lld", index,
                           (long long)oneiro_element_count(&node->inputs[index]), (long long)row);
  return vector_require_output(node, ONEIRO_FLOAT32, oneiro_element_count(&node->inputs[0]), why);
}

/* Inputs behind which a quantization may come. */
enum { INPUTS = 3 };

static int32_t supports_quantized(const oneiro_node *node, oneiro_text *why) {
  vector_float_node plain;
  int32_t status = vector_float_node_of(node, INPUTS, &plain, why);
  return status ? status : supports(&plain.node, why);
}

typedef struct rows_job {
  float *y, *mean, *inverse_deviation;      /* the last two may be NULL */
  const float *x, *scale, *bias;
  size_t count;
  float epsilon;
  bool centers;
  uint8_t *bytes;                           /* in the place of y, where the result is quantized */
  vector_quantization to;
} rows_job;

/* Elements that stay in the first-level cache until they are quantized. */
enum { STRETCH = 2048 };

/* Quantizes a row on the way. */
static void quantize_normalized(const rows_job *job, size_t row, row_moments moments) {
  float floats[STRETCH];
  for (size_t first = 0; first < job->count; first += STRETCH) {
    size_t at = row * job->count + first, count = job->count - first < STRETCH ? job->count - first : STRETCH;
    vector_picked->affine_each(floats, job->x + at, count, moments.mean, moments.rest, moments.inverse_deviation,
                               job->scale + first, job->bias ? job->bias + first : NULL);
    vector_picked->quantize_row(job->bytes + at, floats, count, &job->to);
  }
}

static void normalize_rows(void *argument, size_t begin, size_t end) {
  const rows_job *job = argument;
  for (size_t row = begin; row < end; row++) {
    const float *x = job->x + row * job->count;
    row_moments moments = {0, 0, 0};
    if (job->centers) {
      moments = vector_row_moments(x, job->count, job->epsilon);
    } else {
      double square = vector_picked->fold_row[VECTOR_FOLD_SQUARE](x, job->count, 0) / (double)job->count;
      moments.inverse_deviation = (float)(1 / sqrt(square + (double)job->epsilon));
    }
    if (job->bytes) quantize_normalized(job, row, moments);
    else vector_picked->affine_each(job->y + row * job->count, x, job->count, moments.mean, moments.rest,
                                    moments.inverse_deviation, job->scale, job->bias);
    if (job->mean) job->mean[row] = moments.mean;
    if (job->inverse_deviation) job->inverse_deviation[row] = moments.inverse_deviation;
  }
}

static float *optional_output(const oneiro_call *call, size_t index) {
  return index < call->node->output_count && call->node->outputs[index].element_type == ONEIRO_FLOAT32
             ? call->outputs[index].data : NULL;
}

static int32_t run(const oneiro_call *call, bool centers, bool quantizes) {
  const oneiro_tensor *x = &call->inputs[0];
  int32_t axis = vector_axis(oneiro_int(call->node, "axis", -1), x->rank);
  rows_job job = {call->outputs[0].data, optional_output(call, 1), optional_output(call, 2), x->data,
                  call->inputs[1].data, oneiro_has_input(call->node, 2) ? call->inputs[2].data : NULL,
                  (size_t)vector_product(x->dims, axis, x->rank), oneiro_float(call->node, "epsilon", 1e-5f), centers};
  if (quantizes) {
    job.bytes = call->outputs[0].data;
    job.to = vector_quantization_of(call, INPUTS);
  }
  vector_parallel_ranges(call, (size_t)vector_product(x->dims, 0, axis), job.count * 3, normalize_rows, &job);
  return ONEIRO_OK;
}

static int32_t compute_layer(const oneiro_call *call) { return run(call, true, false); }
static int32_t compute_quantized_layer(const oneiro_call *call) { return run(call, true, true); }
static int32_t compute_rms(const oneiro_call *call) { return run(call, false, false); }

static const vector_kernel kernels[] = {
    {"LayerNormalization", 17, supports, NULL, compute_layer, NULL, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
    {"QuantizeLayerNormalization", 1, supports_quantized, NULL, compute_quantized_layer, NULL, "ai.oneiro"},
    {"RMSNormalization", 23, supports, NULL, compute_rms, NULL, NULL, .flags = ONEIRO_KERNEL_IN_PLACE},
};
VECTOR_FAMILY(vector_normalization_rows, kernels);
