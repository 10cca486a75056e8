/* ai.oneiro's ScaledDotProductAttention: softmax(scale Q K') V for every head, with the heads side by side on the last
 * axis.
 *
 * Keys and values of a head are packed once, block by block, into panels of the product's A. A worker then takes some
 * panels of queries and goes over the blocks: scores = K Q', weights, mix += V' weights. It keeps the scores of one
 * block and one panel; the softmax's maximum and sum are corrected as better ones turn up.
 *
 * With heads enough for all workers, one does all of a head, and what it packs stays in its caches. Otherwise all heads
 * are packed first, and workers share their queries. */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "attention.h"
#include "families.h"
#include "sizes.h"

/* Keys of a block: its scores fit the first-level cache, its packed keys and values half of a second-level one. */
enum { KEYS = 192, BLOCK_FLOATS = 131072 };
/* Panels of queries that share a block while it is in the cache, and floats that they may keep. */
enum { PANELS = 4, QUERY_FLOATS = 49152 };

/* Multiplications below which a second thread costs more than it saves. */
static const double WORTH_SHARING = 1e5;

typedef struct attention_state {
  attention_shape shape;
  size_t key_block, blocks, panels;     /* keys of a block, blocks of keys, panels of queries a worker takes at once */
  size_t groups;                        /* of panels */
  size_t block_floats, worker_floats;
  size_t workers;
  bool by_head;                         /* a worker does whole heads, and has packed blocks of its own */
} attention_state;

int32_t vector_describe_attention(const oneiro_node *node, attention_shape *shape, oneiro_text *why) {
  int32_t status = vector_require_floats(node, why);
  if (status) return status;
  if (node->input_count != 3) return vector_refuse(why, "expected 3 inputs, found %zu", node->input_count);
  for (size_t index = 0; index < 3; index++) {
    if (!oneiro_has_input(node, index)) return vector_refuse(why, "input %zu is absent", index);
    if (node->inputs[index].rank != 3)
      return vector_refuse(why, "input %zu has rank %d, not 3", index, node->inputs[index].rank);
  }
  const int64_t *q = node->inputs[0].dims, *k = node->inputs[1].dims, *v = node->inputs[2].dims;
  attention_shape described = {.items = (size_t)q[0], .queries = (size_t)q[1], .keys = (size_t)k[1]};
  int64_t widths[3];
  for (size_t index = 0; index < 3; index++) {
    int64_t row = node->inputs[index].dims[2], offset = oneiro_ints_at(node, "qkv_offsets", index, 0);
    widths[index] = oneiro_ints_at(node, "qkv_widths", index, row);
    if (offset < 0 || widths[index] < 0 || offset > row || widths[index] > row - offset)
      return vector_refuse(why, "input %zu has rows of %lld, not %lld + %lld", index, (long long)row,
                           (long long)offset, (long long)widths[index]);
    described.rows[index] = (size_t)row;
    described.offsets[index] = (size_t)offset;
  }
  int64_t heads = oneiro_int(node, "heads", 0);
  if (heads < 1 || widths[0] % heads || widths[2] % heads)
    return vector_refuse(why, "widths %lld and %lld are not made of %lld heads", (long long)widths[0],
                         (long long)widths[2], (long long)heads);
  if (k[0] != q[0] || v[0] != q[0] || k[1] != v[1] || widths[1] != widths[0])
    return vector_refuse(why, "the inputs' shapes do not go together");
  described.heads = (size_t)heads;
  described.size = (size_t)(widths[0] / heads);
  described.value_size = (size_t)(widths[2] / heads);
  const oneiro_attribute *scale = oneiro_find_attribute(node, "scale");
  double factor = scale && scale->kind == ONEIRO_ATTRIBUTE_FLOAT ? (double)scale->floats[0]
                                                                 : 1 / sqrt(described.size ? (double)described.size : 1);
  described.scale = (float)(factor * 1.44269504088896340736);
  *shape = described;
  return vector_require_output(node, ONEIRO_FLOAT32, q[0] * q[1] * widths[2], why);
}

size_t vector_attention_workers(const attention_shape *shape, int32_t threads) {
  double work = (double)(shape->items * shape->heads * (shape->size + shape->value_size)) * (double)shape->queries *
                (double)shape->keys;
  return threads > 1 && work > WORTH_SHARING ? (size_t)threads : 1;
}

const float *vector_attention_operand(const oneiro_call *call, const attention_shape *shape, size_t index) {
  return (const float *)call->inputs[index].data + shape->offsets[index];
}

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  attention_shape shape;
  return vector_describe_attention(node, &shape, why);
}

static int32_t prepare(oneiro_call *call) {
  const size_t high = vector_floats()->rows, wide = vector_picked->tile_columns;
  attention_state *state = vector_new_state(sizeof *state);
  if (!state) return vector_out_of_memory(call->why, sizeof *state);
  int32_t status = vector_describe_attention(call->node, &state->shape, call->why);
  if (status) {
    free(state);
    return status;
  }
  size_t heads = state->shape.heads;

  size_t width = state->shape.size + round_up(state->shape.value_size, high);
  size_t block = smaller(KEYS, BLOCK_FLOATS / (width ? width : 1)) / high * high;
  if (block < 4 * high) block = 4 * high;
  state->key_block = smaller(block, round_up(state->shape.keys, high));
  state->blocks = state->key_block ? (state->shape.keys + state->key_block - 1) / state->key_block : 0;
  state->block_floats = round_up(state->key_block * width, 16);

  state->workers = vector_attention_workers(&state->shape, call->threads);
  size_t all_panels = (state->shape.queries + wide - 1) / wide, all_heads = state->shape.items * heads;
  state->by_head = all_heads % state->workers == 0 || all_heads >= state->workers * 4;
  state->panels = smaller(PANELS, all_panels ? all_panels : 1);
  while (state->panels > 1 && (state->panels * width * wide > QUERY_FLOATS ||
                               (!state->by_head && all_heads * all_panels < state->panels * state->workers * 4)))
    state->panels--;
  state->groups = (all_panels + state->panels - 1) / state->panels;
  size_t rows = state->panels * (state->shape.size + state->shape.value_size + 2) + state->key_block;
  size_t head_floats = state->blocks * state->block_floats;
  state->worker_floats = round_up(rows * wide, 16) + (state->by_head ? head_floats : 0);
  call->state = state;
  call->workspace_byte_count =
      ((state->by_head ? 0 : all_heads * head_floats) + state->workers * state->worker_floats) * sizeof(float);
  return ONEIRO_OK;
}

typedef struct attention_job {
  const attention_state *state;
  const float *q, *k, *v;
  float *y;
  float *packed, *workspace;            /* all blocks; the workers' own memory */
  _Atomic size_t next;
} attention_job;

static size_t keys_of(const attention_state *state, size_t block) {
  return smaller(state->shape.keys - block * state->key_block, state->key_block);
}

/* Packed keys come first in a block, then packed values. */
static const float *values_of(const attention_state *state, const float *block, size_t keys) {
  return block + round_up(keys, vector_floats()->rows) * state->shape.size;
}

/* - head: counted through all items. */
static void pack_block(const attention_job *job, size_t head, size_t block, float *into) {
  const attention_state *state = job->state;
  const attention_shape *shape = &state->shape;
  size_t row = shape->rows[1], value_row = shape->rows[2], keys = keys_of(state, block);
  size_t first = head / shape->heads * shape->keys + block * state->key_block;
  vector_floats()->pack_rows(into, job->k + first * row + head % shape->heads * shape->size, keys, shape->size,
                           (ptrdiff_t)row, 1, shape->scale);
  vector_floats()->pack_rows((float *)values_of(state, into, keys),
                           job->v + first * value_row + head % shape->heads * shape->value_size, shape->value_size, keys,
                           1, (ptrdiff_t)value_row, 1);
}

static void pack_all(void *argument, size_t begin, size_t end) {
  const attention_job *job = argument;
  size_t blocks = job->state->blocks;
  for (size_t index = begin; index < end; index++)
    pack_block(job, index / blocks, index % blocks, job->packed + index * job->state->block_floats);
}

/* - packed: the head's blocks. */
static void run_group(const attention_job *job, size_t index, const float *packed, float *memory) {
  const attention_state *state = job->state;
  const vector_loops *loops = vector_picked;
  const size_t wide = loops->tile_columns, size = state->shape.size, value_size = state->shape.value_size;
  const size_t row = state->shape.rows[0], y_row = state->shape.heads * value_size;
  size_t group = index % state->groups, head = index / state->groups % state->shape.heads;
  size_t item = index / state->groups / state->shape.heads;
  size_t first = group * state->panels * wide, count = smaller(state->shape.queries - first, state->panels * wide);
  size_t panels = (count + wide - 1) / wide;
  float *scores = memory, *largest = scores + state->key_block * wide, *sums = largest + state->panels * wide;
  float *mix = sums + state->panels * wide, *queries = mix + state->panels * value_size * wide;
  const float *q = job->q + (item * state->shape.queries + first) * row + head * size;
  vector_floats()->pack_columns(queries, q, count, size, 1,
                      (ptrdiff_t)row);
  for (size_t block = 0; block < state->blocks; block++, packed += state->block_floats) {
    size_t keys = keys_of(state, block);
    const float *values = values_of(state, packed, keys);
    for (size_t panel = 0; panel < panels; panel++) {
      float *panel_mix = mix + panel * value_size * wide;
      vector_floats()->multiply(scores, wide, packed, queries + panel * size * wide, keys, wide, size, 0, queries);
      loops->attend(scores, keys, largest + panel * wide, sums + panel * wide, panel_mix, value_size, block == 0);
      vector_floats()->multiply(panel_mix, wide, values, scores, value_size, wide, keys, block > 0, queries);
    }
  }
  float *y = job->y + (item * state->shape.queries + first) * y_row + head * value_size;
  for (size_t panel = 0; panel < panels; panel++)
    loops->attended(y + panel * wide * y_row, y_row, smaller(count - panel * wide, wide),
                    mix + panel * value_size * wide, sums + panel * wide, value_size);
}

static void run_heads(void *argument, size_t worker) {
  attention_job *job = argument;
  const attention_state *state = job->state;
  float *packed = job->workspace + worker * state->worker_floats, *memory = packed + state->blocks * state->block_floats;
  size_t count = state->shape.items * state->shape.heads;
  for (size_t head; (head = atomic_fetch_add(&job->next, 1)) < count;) {
    for (size_t block = 0; block < state->blocks; block++)
      pack_block(job, head, block, packed + block * state->block_floats);
    for (size_t group = 0; group < state->groups; group++)
      run_group(job, head * state->groups + group, packed, memory);
  }
}

static void run_groups(void *argument, size_t worker) {
  attention_job *job = argument;
  const attention_state *state = job->state;
  float *memory = job->workspace + worker * state->worker_floats;
  size_t count = state->shape.items * state->shape.heads * state->groups;
  for (size_t index; (index = atomic_fetch_add(&job->next, 1)) < count;)
    run_group(job, index, job->packed + index / state->groups * state->blocks * state->block_floats, memory);
}

static int32_t compute(const oneiro_call *call) {
  const attention_state *state = call->state;
  if (oneiro_element_count(&call->outputs[0]) == 0) return ONEIRO_OK;
  if (state->shape.keys == 0) {   /* a sum of nothing */
    memset(call->outputs[0].data, 0, call->outputs[0].byte_count);
    return ONEIRO_OK;
  }
  const attention_shape *shape = &state->shape;
  size_t heads = shape->items * shape->heads, blocks = state->by_head ? 0 : heads * state->blocks;
  attention_job job = {
      .state = state, .q = vector_attention_operand(call, shape, 0), .k = vector_attention_operand(call, shape, 1),
      .v = vector_attention_operand(call, shape, 2), .y = call->outputs[0].data, .packed = call->workspace,
      .workspace = (float *)call->workspace + blocks * state->block_floats};
  size_t workers = smaller(state->workers, (size_t)call->threads);
  if (state->by_head) {
    vector_parallel_workers(call, smaller(workers, heads), run_heads, &job);
    return ONEIRO_OK;
  }
  vector_parallel_ranges(call, blocks, state->key_block * (shape->size + shape->value_size) * 2, pack_all, &job);
  vector_parallel_workers(call, smaller(workers, heads * state->groups), run_groups, &job);
  return ONEIRO_OK;
}

static const vector_kernel kernels[] = {
    {"ScaledDotProductAttention", 1, supports, prepare, compute, free, "ai.oneiro", NULL, "blocks"},
};
VECTOR_FAMILY(vector_attention, kernels);
