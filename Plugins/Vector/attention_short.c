/* ScaledDotProductAttention over few keys, so that all scores of some queries stay in a first-level cache: queries are
 * read where they are, as rows, and what comes out is written where it goes. Keys and values of a head are packed as
 * the product's B; a worker does whole heads. */
#include <stdatomic.h>
#include <stdlib.h>

#include "attention.h"
#include "families.h"

/* Scores of the queries that are done at a time, 24 KB. */
enum { SCORES = 6144 };

typedef struct short_state {
  attention_shape shape;
  size_t step, part;                    /* from one query's scores to the next one's; queries done at a time */
  size_t key_floats, value_floats;      /* of a head's panels */
  size_t worker_floats;
} short_state;

static size_t round_up(size_t value, size_t step) { return (value + step - 1) / step * step; }
static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

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
  state->part = round_up(smaller(SCORES / state->step, shape->queries), high);
  state->key_floats = round_up(shape->keys, wide) * shape->size;
  state->value_floats = round_up(shape->value_size, wide) * shape->keys;
  state->worker_floats =
      round_up(state->key_floats + state->value_floats + state->part * state->step, VECTOR_MOST_LANES);
  call->state = state;
  call->workspace_byte_count = (size_t)call->threads * state->worker_floats * sizeof(float);
  return ONEIRO_OK;
}

typedef struct short_job {
  const short_state *state;
  const float *q, *k, *v;
  float *y, *workspace;
  _Atomic size_t next;                  /* head, counted through all items */
} short_job;

static void run_head(const short_job *job, size_t index, float *memory) {
  const short_state *state = job->state;
  const attention_shape *shape = &state->shape;
  const vector_product_loops *loops = vector_floats();
  size_t head = index % shape->heads, item = index / shape->heads;
  size_t row = shape->rows[0], key_row = shape->rows[1], value_row = shape->rows[2];
  size_t y_row = shape->heads * shape->value_size;
  float *keys = memory, *values = keys + state->key_floats, *scores = values + state->value_floats;
  const float *q = job->q + item * shape->queries * row + head * shape->size;
  const float *k = job->k + item * shape->keys * key_row + head * shape->size;
  const float *v = job->v + item * shape->keys * value_row + head * shape->value_size;
  float *y = job->y + item * shape->queries * y_row + head * shape->value_size;
  loops->pack_columns(keys, k, shape->keys, shape->size, 1, (ptrdiff_t)key_row);
  loops->pack_columns(values, v, shape->value_size, shape->keys, (ptrdiff_t)value_row, 1);
  for (size_t first = 0; first < shape->queries; first += state->part) {
    size_t count = smaller(shape->queries - first, state->part);
    loops->multiply_rows(scores, state->step, q + first * row, row, keys, count, shape->keys, shape->size, NULL, 0,
                         values);
    vector_picked->attend_rows(scores, state->step, count, shape->keys, shape->scale);
    loops->multiply_rows(y + first * y_row, y_row, scores, state->step, values, count, shape->value_size, shape->keys,
                         NULL, 0, keys);
  }
}

static void run_worker(void *argument, size_t worker) {
  short_job *job = argument;
  const short_state *state = job->state;
  float *memory = job->workspace + worker * state->worker_floats;
  for (size_t head; (head = atomic_fetch_add(&job->next, 1)) < state->shape.items * state->shape.heads;)
    run_head(job, head, memory);
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
  vector_parallel_workers(call, smaller((size_t)call->threads, shape->items * shape->heads), run_worker, &job);
  return ONEIRO_OK;
}

/* In terms of the general kernel: what queries need not be packed for, unless values leave parts of a tile idle or
 * heads leave threads idle. */
static double relative_time(const oneiro_node *node, int32_t threads) {
  attention_shape shape;
  oneiro_text why = {0};
  size_t heads, workers = (size_t)threads, wide = vector_picked->tile_columns;
  if (vector_describe_attention(node, &shape, &why)) return 1;
  heads = shape.items * shape.heads;
  if (heads == 0 || shape.value_size == 0) return 1;
  double filled = (double)round_up(shape.value_size, wide) / (double)shape.value_size;
  double even = (double)round_up(heads, workers) / (double)heads;
  return 0.8 * (1 + filled) / 2 * even;
}

static const vector_kernel kernels[] = {
    {"ScaledDotProductAttention", 1, supports, prepare, compute, free, "ai.oneiro", relative_time, "few keys"},
};
VECTOR_FAMILY(vector_attention_short, kernels);
