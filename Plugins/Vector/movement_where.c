/* Where, with broadcasting, for any element size. */
#include <stdlib.h>

#include "broadcast.h"
#include "families.h"
#include "strided_copy.h"

static int32_t broadcast_of(const oneiro_node *node, vector_broadcast *broadcast, oneiro_text *why) {
  const oneiro_tensor *operands[] = {&node->inputs[0], &node->inputs[1], &node->inputs[2]};
  return vector_broadcast_of(&node->outputs[0], operands, 3, broadcast, why);
}

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  int32_t status = vector_require_plain(node, why);
  if (!status && node->input_count < 3) status = vector_refuse(why, "fewer than three inputs");
  if (!status) status = vector_require_input(node, 0, ONEIRO_BOOL, why);
  if (!status) status = vector_require_input(node, 2, node->inputs[1].element_type, why);
  if (status) return status;
  if (!vector_can_copy(node->inputs[1].element_type))
    return vector_refuse(why, "element type %s", vector_type_name(node->inputs[1].element_type));
  status = vector_require_output(node, node->inputs[1].element_type, oneiro_element_count(&node->outputs[0]), why);
  vector_broadcast broadcast;
  return status ? status : broadcast_of(node, &broadcast, why);
}

static int32_t prepare(oneiro_call *call) {
  vector_broadcast *broadcast = vector_new_state(sizeof *broadcast);
  if (!broadcast) return vector_out_of_memory(call->why, sizeof *broadcast);
  int32_t status = broadcast_of(call->node, broadcast, call->why);
  if (status) free(broadcast);
  else call->state = broadcast;
  return status;
}

#define CHOOSE_ROW(type)                                                                                     \
  static void choose_##type(void *y_, const uint8_t *c, const void *a_, const void *b_, const int64_t *step, \
                            int64_t count) {                                                                 \
    type *y = y_;                                                                                            \
    const type *a = a_, *b = b_;                                                                             \
    for (int64_t i = 0; i < count; i++) y[i] = c[i * step[0]] ? a[i * step[1]] : b[i * step[2]];             \
  }
CHOOSE_ROW(uint8_t) CHOOSE_ROW(uint16_t) CHOOSE_ROW(uint32_t) CHOOSE_ROW(uint64_t) CHOOSE_ROW(vector_element16)

typedef struct where_job {
  const vector_broadcast *broadcast;
  char *y;
  const uint8_t *condition;
  const char *a, *b;
  size_t size;
} where_job;

static void choose_rows(void *argument, size_t begin, size_t end) {
  const where_job *job = argument;
  const vector_broadcast *broadcast = job->broadcast;
  for (size_t row = begin; row < end; row++) {
    int64_t at[3];
    vector_broadcast_row(broadcast, (int64_t)row, at);
    char *y = job->y + row * (size_t)broadcast->row * job->size;
    const uint8_t *c = job->condition + at[0];
    const char *a = job->a + (size_t)at[1] * job->size, *b = job->b + (size_t)at[2] * job->size;
    switch (job->size) {
      case 1: choose_uint8_t(y, c, a, b, broadcast->steps, broadcast->row); break;
      case 2: choose_uint16_t(y, c, a, b, broadcast->steps, broadcast->row); break;
      case 4: choose_uint32_t(y, c, a, b, broadcast->steps, broadcast->row); break;
      case 8: choose_uint64_t(y, c, a, b, broadcast->steps, broadcast->row); break;
      default: choose_vector_element16(y, c, a, b, broadcast->steps, broadcast->row); break;
    }
  }
}

static int32_t compute(const oneiro_call *call) {
  const vector_broadcast *broadcast = call->state;
  where_job job = {broadcast, call->outputs[0].data, call->inputs[0].data, call->inputs[1].data, call->inputs[2].data,
                   oneiro_element_size(call->inputs[1].element_type)};
  vector_parallel_ranges(call, (size_t)broadcast->rows, (size_t)broadcast->row, choose_rows, &job);
  return ONEIRO_OK;
}

static const vector_kernel kernels[] = {{"Where", 16, supports, prepare, compute, free, NULL}};
VECTOR_FAMILY(vector_movement_where, kernels);
