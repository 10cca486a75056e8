#include "broadcast.h"

int32_t vector_broadcast_of(const oneiro_tensor *output, const oneiro_tensor *const *operands, int32_t count,
                            vector_broadcast *broadcast, oneiro_text *why) {
  *broadcast = (vector_broadcast){.operands = count, .rows = 1, .row = 1};
  int64_t dims[VECTOR_MAX_RANK], strides[VECTOR_MAX_OPERANDS][VECTOR_MAX_RANK];
  int32_t rank = 0;   /* from the innermost axis outwards */
  int64_t running[VECTOR_MAX_OPERANDS];
  for (int32_t o = 0; o < count; o++) {
    running[o] = 1;
    if (operands[o]->rank > output->rank)
      return vector_refuse(why, "operand %d has rank %d, the output %d", o, operands[o]->rank, output->rank);
  }
  for (int32_t back = 1; back <= output->rank; back++) {
    int64_t extent = output->dims[output->rank - back], here[VECTOR_MAX_OPERANDS];
    for (int32_t o = 0; o < count; o++) {
      int64_t own = back <= operands[o]->rank ? operands[o]->dims[operands[o]->rank - back] : 1;
      if (own != extent && own != 1)
        return vector_refuse(why, "operand %d has extent %lld where the output has %lld", o, (long long)own,
                             (long long)extent);
      here[o] = own == 1 ? 0 : running[o];
      running[o] *= own;
    }
    if (extent == 1) continue;
    bool merges = rank > 0;
    for (int32_t o = 0; o < count && merges; o++) merges = here[o] == strides[o][rank - 1] * dims[rank - 1];
    if (merges) {
      dims[rank - 1] *= extent;
      continue;
    }
    dims[rank] = extent;
    for (int32_t o = 0; o < count; o++) strides[o][rank] = here[o];
    rank++;
  }
  if (rank == 0) return ONEIRO_OK;
  broadcast->row = dims[0];
  for (int32_t o = 0; o < count; o++) broadcast->steps[o] = strides[o][0];
  broadcast->rank = rank - 1;
  for (int32_t axis = 0; axis < rank - 1; axis++) {
    broadcast->dims[axis] = dims[rank - 1 - axis];
    broadcast->rows *= dims[rank - 1 - axis];
    for (int32_t o = 0; o < count; o++) broadcast->strides[o][axis] = strides[o][rank - 1 - axis];
  }
  return ONEIRO_OK;
}

void vector_broadcast_row(const vector_broadcast *broadcast, int64_t index, int64_t *offsets) {
  for (int32_t o = 0; o < broadcast->operands; o++) offsets[o] = 0;
  for (int32_t axis = broadcast->rank - 1; axis >= 0; axis--) {
    int64_t at = index % broadcast->dims[axis];
    index /= broadcast->dims[axis];
    for (int32_t o = 0; o < broadcast->operands; o++) offsets[o] += at * broadcast->strides[o][axis];
  }
}
