/* ScaledDotProductAttention over few keys, so that all scores of some queries stay in a first-level cache: queries are
 * read where they are, as rows, and what comes out is written where it goes. Keys and values of a head are packed as
 * the product's B, by each worker that has queries of it: a worker does whole heads where there are heads enough. */
#include <stdatomic.h>
#include <stdlib.h>

#include "attention.h"
#include "families.h"
#include "sizes.h"

/* Scores of the queries that are done at a time, 24 KB at most. */
enum { SCORES = 6144 };

typedef struct short_state {
  attention_shape shape;
  size_t step, part;                    /* from one query's scores to the next one's; queries done at a time */
  size_t groups, group;                 /* of a head's queries that workers take; queries in one */
  size_t key_floats, value_floats;      /* of a head's panels */
  size_t workers, worker_floats;
} short_state;

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  attention_shape shape;
  int32_t status = vector_describe_attention(node, &shape, why);
  if (status) return status;
  size_t most = SCORES / vector_floats()->rows;
  if (shape.keys > most) return vector_refuse(why, "%zu keys are more than %zu", shape.keys, most);
  if (!(shape.scale > 0)) return vector_refuse(why, "the scale is not positive");
  return ONEIRO_OK;
}

static int32_t prepare(oneiro_call *call) {
  short_state *state = vector_new_state(sizeof *state);
  if (!state) return vector_out_of_memory(call->why, sizeof *state);
  int32_t status = vector_describe_attention(call->node, &state->shape, call->why);
  if (status) {
    free(state);
    return status;
  }
  const attention_shape *shape = &state->shape;
  size_t high = vector_floats()->rows, wide = vector_picked->tile_columns;
  state->step = round_up(shape->keys ? shape->keys : 1, VECTOR_MOST_LANES);
  state->part = SCORES / state->step / high * high;
  size_t heads = shape->items * shape->heads;
  state->workers = vector_attention_workers(shape, call->threads);
  bool by_head = heads % state->workers == 0 || heads >= 4 * state->workers;
  state->groups = by_head ? 1 : smaller(state->workers, (shape->queries + high - 1) / high);
  state->group = state->groups ? round_up((shape->queries + state->groups - 1) / state->groups, high) : 0;
  if (state->group) state->groups = (shape->queries + state->group - 1) / state->group;
  state->key_floats = round_up(shape->keys, wide) * shape->size;
  state->value_floats = round_up(shape->value_size, wide) * shape->keys;
  state->worker_floats =
      round_up(state->key_floats + state->value_floats + state->part * state->step, VECTOR_MOST_LANES);
  call->state = state;
  state->workers = smaller(state->workers, heads * state->groups);
  call->workspace_byte_count = state->workers * state->worker_floats * sizeof(float);
  return ONEIRO_OK;
}

typedef struct short_job {
  const short_state *state;
  const float *q, *k, *v;
  float *y, *workspace;
  _Atomic size_t next;                  /* group, counted through all heads of all items */
} short_job;

/* - head: counted through all items. */
static void pack_head(const short_job *job, size_t head, float *memory) {
  const short_state *state = job->state;
  const attention_shape *shape = &state->shape;
  size_t key_row = shape->rows[1], value_row = shape->rows[2], first = head / shape->heads * shape->keys;
  const float *k = job->k + first * key_row + head % shape->heads * shape->size;
  const float *v = job->v + first * value_row + head % shape->heads * shape->value_size;
  vector_floats()->pack_columns(memory, k, shape->keys, shape->size, 1, (ptrdiff_t)key_row);
  vector_floats()->pack_columns(memory + state->key_floats, v, shape->value_size, shape->keys, (ptrdiff_t)value_row, 1);
}

/* - memory: begins with what `pack_head` made of the group's head. */
static void run_group(const short_job *job, size_t index, float *memory) {
  const short_state *state = job->state;
  const attention_shape *shape = &state->shape;
  const vector_product_loops *loops = vector_floats();
  size_t head = index / state->groups, row = shape->rows[0], y_row = shape->heads * shape->value_size;
  size_t query = index % state->groups * state->group, end = smaller(query + state->group, shape->queries);
  float *keys = memory, *values = keys + state->key_floats, *scores = values + state->value_floats;
  size_t first = head / shape->heads * shape->queries;
  for (size_t count; query < end; query += count) {
    count = smaller(end - query, state->part);
    loops->multiply_rows(scores, state->step, job->q + (first + query) * row + head % shape->heads * shape->size, row,
                         keys, count, shape->keys, shape->size, NULL, 0, values);
    vector_picked->attend_rows(scores, state->step, count, shape->keys, shape->scale);
    loops->multiply_rows(job->y + (first + query) * y_row + head % shape->heads * shape->value_size, y_row, scores,
                         state->step, values, count, shape->value_size, shape->keys, NULL, 0, keys);
  }
}

static void run_worker(void *argument, size_t worker) {
  short_job *job = argument;
  const short_state *state = job->state;
  float *memory = job->workspace + worker * state->worker_floats;
  size_t heads = state->shape.items * state->shape.heads, packed = heads;
  for (size_t index; (index = atomic_fetch_add(&job->next, 1)) < heads * state->groups;) {
    if (index / state->groups != packed) pack_head(job, index / state->groups, memory);
    packed = index / state->groups;
    run_group(job, index, memory);
  }
}

static int32_t compute(const oneiro_call *call) {
  const short_state *state = call->state;
  const attention_shape *shape = &state->shape;
  if (oneiro_element_count(&call->outputs[0]) == 0) return ONEIRO_OK;
  if (shape->keys == 0) {   /* a sum of nothing */
    memset(call->outputs[0].data, 0, call->outputs[0].byte_count);
    return ONEIRO_OK;
  }
  short_job job = {.state = state, .q = vector_attention_operand(call, shape, 0),
                   .k = vector_attention_operand(call, shape, 1), .v = vector_attention_operand(call, shape, 2),
                   .y = call->outputs[0].data, .workspace = call->workspace};
  vector_parallel_workers(call, smaller(state->workers, (size_t)call->threads), run_worker, &job);
  return ONEIRO_OK;
}

/* In terms of the general kernel: queries need not be packed, but values may leave parts of a tile idle. */
static double relative_time(const oneiro_node *node, int32_t threads) {
  (void)threads;
  attention_shape shape;
  oneiro_text why = {0};
  if (vector_describe_attention(node, &shape, &why) || shape.value_size == 0) return 1;
  size_t padded = round_up(shape.value_size, vector_picked->tile_columns);
  return 0.4 + 0.4 * (double)padded / (double)shape.value_size;
}

static const vector_kernel kernels[] = {
    {"ScaledDotProductAttention", 1, supports, prepare, compute, free, "ai.oneiro", relative_time, "few keys"},
};
VECTOR_FAMILY(vector_attention_short, kernels);
