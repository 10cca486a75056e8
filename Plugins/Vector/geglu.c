/* ai.oneiro's GEGLU: A * Gelu(B) for the halves A and B of each row. */
#include "families.h"

/* Elements that stay in the first-level cache between the two loops. */
enum { STRETCH = 4096 };

static bool by_tanh(const oneiro_node *node) {
  return strcmp(oneiro_string(node, "approximate", "none"), "tanh") == 0;
}

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  int32_t status = vector_require_floats(node, why);
  if (status) return status;
  const oneiro_tensor *x = &node->inputs[0];
  if (x->rank < 1 || x->dims[x->rank - 1] % 2) return vector_refuse(why, "the last axis has no two halves");
  if (!by_tanh(node) && strcmp(oneiro_string(node, "approximate", "none"), "none") != 0)
    return vector_refuse(why, "approximate is %s", oneiro_string(node, "approximate", ""));
  return vector_require_output(node, ONEIRO_FLOAT32, oneiro_element_count(x) / 2, why);
}

typedef struct geglu_job {
  float *y;
  const float *x;
  size_t half;
  vector_unary_loop gelu;
} geglu_job;

static void run_rows(void *argument, size_t begin, size_t end) {
  const geglu_job *job = argument;
  for (size_t row = begin; row < end; row++) {
    const float *value = job->x + row * 2 * job->half, *gate = value + job->half;
    float *y = job->y + row * job->half;
    for (size_t first = 0; first < job->half; first += STRETCH) {
      size_t count = job->half - first < STRETCH ? job->half - first : STRETCH;
      job->gelu(y + first, gate + first, count, NULL);
      vector_picked->binary[VECTOR_MUL][VECTOR_F32](y + first, value + first, y + first, count, 1, 1);
    }
  }
}

static int32_t compute(const oneiro_call *call) {
  const oneiro_tensor *x = &call->inputs[0];
  size_t half = (size_t)x->dims[x->rank - 1] / 2;
  geglu_job job = {call->outputs[0].data, x->data, half,
                   vector_picked->unary[by_tanh(call->node) ? VECTOR_GELU_TANH : VECTOR_GELU]};
  if (half) vector_parallel_ranges(call, (size_t)oneiro_element_count(x) / (2 * half), half * 8, run_rows, &job);
  return ONEIRO_OK;
}

static const vector_kernel kernels[] = {{"GEGLU", 1, supports, NULL, compute, NULL, "ai.oneiro"}};
VECTOR_FAMILY(vector_geglu, kernels);
