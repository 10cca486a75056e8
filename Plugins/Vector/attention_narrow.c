/* ai.oneiro's ScaledDotProductAttention where `operand_bits` allows it: bytes for queries and keys, bytes or 16 bits
 * for weights and values. It goes over the blocks as attention.c does.
 *
 * Queries have a scale each. Keys have one for a head, and are taken relative to the middle of their range in each
 * column, which adds the same to all scores of a query: the softmax does not see it. Values have a scale for each
 * column of a block. */
#include <float.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "attention.h"
#include "families.h"
#include "quantized.h"
#include "sizes.h"

/* Keys of a block: its scores fit the first-level cache. No fewer for bytes, whose weights lie in the place of scores and
 * are read as far as the panels of values go; no more, for the sums of weights times values: see
 * loops_attention_narrow.inc. */
enum { KEYS = 192 };
/* Panels of queries that share a block while it is in the cache. */
enum { PANELS = 4 };

typedef struct narrow_state {
  attention_shape shape;
  const vector_narrow *narrow;
  const vector_product_loops *scores;   /* keys, which are unsigned, times queries */
  const vector_product_loops *mixes;    /* values times weights */
  size_t groups_of_bytes;               /* of a head's queries and keys, as panels hold them */
  size_t key_block, blocks, panels;     /* keys of a block, blocks of keys, panels of queries a worker takes at once */
  size_t groups;                        /* of panels */
  size_t block_floats, worker_floats;
  size_t workers;
} narrow_state;

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  int64_t bits = oneiro_int(node, "operand_bits", 32);
  if (bits > 8) return vector_refuse(why, "operands keep %lld bits", (long long)bits);
  attention_shape shape;
  int32_t status = vector_describe_attention(node, &shape, why);
  /* Half of what a sum can hold, so that scores can be subtracted from each other. */
  if (!status && shape.size > VECTOR_LONGEST_SUM / 2) status = vector_refuse(why, "heads of %zu numbers", shape.size);
  return status;
}

/* Floats of a block: packed keys, packed values, the values' units. */
static size_t key_floats(const narrow_state *state, size_t keys) {
  return round_up(keys, state->scores->rows) * state->groups_of_bytes;
}
static size_t value_groups(const narrow_state *state, size_t keys) {
  return (keys + state->narrow->keys - 1) / state->narrow->keys;
}
/* As panels hold them. */
static size_t value_depth(const narrow_state *state, size_t keys) {
  return round_up(value_groups(state, keys), state->mixes->depth_step);
}
static size_t value_floats(const narrow_state *state, size_t keys) {
  return round_up(state->shape.value_size, state->mixes->rows) * value_depth(state, keys);
}

/* Before any block: the unit of the keys of every item and head, and bounds of all columns of every item's keys. */
static size_t unit_floats(const narrow_state *state) { return round_up(state->shape.items * state->shape.heads, 16); }
static size_t bound_floats(const narrow_state *state) {
  return round_up(state->shape.items * 2 * state->shape.heads * state->shape.size, 16);
}

static int32_t prepare(oneiro_call *call) {
  const size_t wide = vector_picked->tile_columns;
  narrow_state *state = vector_new_state(sizeof *state);
  if (!state) return vector_out_of_memory(call->why, sizeof *state);
  int32_t status = vector_describe_attention(call->node, &state->shape, call->why);
  if (status) {
    free(state);
    return status;
  }
  const attention_shape *shape = &state->shape;
  state->scores = &vector_picked->product[VECTOR_BYTES_B_SIGNED];
  state->groups_of_bytes = round_up(vector_byte_groups(shape->size), state->scores->depth_step);
  /* One large weight leaves little of a byte to the others of its block. Bytes are for more than one block. */
  bool has_bytes = vector_picked->narrow_bytes.keys && shape->keys > KEYS;
  state->narrow = has_bytes ? &vector_picked->narrow_bytes : &vector_picked->narrow_pairs;
  state->mixes = &vector_picked->product[state->narrow->elements];
  const size_t joined = state->narrow->keys;
  state->key_block = smaller(KEYS, larger(round_up(shape->keys, joined), joined));
  state->blocks = (shape->keys + state->key_block - 1) / state->key_block;
  state->block_floats = round_up(key_floats(state, state->key_block) + value_floats(state, state->key_block) +
                                 shape->value_size, 16);
  state->workers = vector_attention_workers(shape, call->threads);
  size_t all_panels = (shape->queries + wide - 1) / wide;
  state->panels = smaller(PANELS, larger(all_panels, 1));
  while (state->panels > 1 && state->workers > 1 &&
         shape->items * shape->heads * all_panels < state->panels * state->workers * 4)
    state->panels--;
  state->groups = (all_panels + state->panels - 1) / state->panels;
  size_t rows = state->key_block + shape->value_size + 2 +
                state->panels * (state->groups_of_bytes + shape->value_size + 3);
  size_t packing = larger(state->key_block, wide) * state->groups_of_bytes +
                   (value_groups(state, state->key_block) + 2) * shape->value_size + shape->size;
  state->worker_floats = round_up(rows * wide + packing, 16);
  call->state = state;
  call->workspace_byte_count =
      (unit_floats(state) + bound_floats(state) + shape->items * shape->heads * state->blocks * state->block_floats +
       state->workers * state->worker_floats) * sizeof(float);
  return ONEIRO_OK;
}

typedef struct narrow_job {
  const narrow_state *state;
  const float *q, *k, *v;
  float *y;
  float *units, *bounds, *packed, *workspace;
  _Atomic size_t next;
} narrow_job;

static size_t keys_of(const narrow_state *state, size_t block) {
  return smaller(state->shape.keys - block * state->key_block, state->key_block);
}

/* Bounds of the columns of a head's keys, then what they leave for a unit. */
static void measure(void *argument, size_t begin, size_t end) {
  const narrow_job *job = argument;
  const attention_shape *shape = &job->state->shape;
  const size_t width = shape->heads * shape->size, row = shape->rows[1];
  for (size_t index = begin; index < end; index++) {
    size_t item = index / shape->heads, head = index % shape->heads;
    float *low = job->bounds + item * 2 * width + head * shape->size, *high = low + width, widest = 0;
    const float *k = job->k + item * shape->keys * row + head * shape->size;
    vector_picked->column_bounds(low, high, k, row, shape->keys, shape->size);
    for (size_t i = 0; i < shape->size; i++) {
      float width = high[i] - low[i];
      if (!(width <= widest)) widest = width;
      if (widest != widest) break;
    }
    job->units[index] = isfinite(widest) ? widest / 254 : NAN;
  }
}

static void pack_block(const narrow_job *job, size_t index, float *memory) {
  const narrow_state *state = job->state;
  const attention_shape *shape = &state->shape;
  const size_t width = shape->heads * shape->size, row = shape->rows[1], value_row = shape->rows[2];
  size_t block = index % state->blocks, head = index / state->blocks % shape->heads;
  size_t item = index / state->blocks / shape->heads, keys = keys_of(state, block), groups = value_groups(state, keys);
  size_t first = item * shape->keys + block * state->key_block, byte_row = state->groups_of_bytes * VECTOR_BYTES;
  float *into = job->packed + index * state->block_floats;

  float *middle = memory, *rows = memory + shape->size;
  const float *low = job->bounds + item * 2 * width + head * shape->size, *high = low + width;
  for (size_t i = 0; i < shape->size; i++) middle[i] = low[i] / 2 + high[i] / 2;
  float unit = job->units[item * shape->heads + head], factor = unit >= FLT_MIN ? 1 / unit : 0;
  if (shape->scale < 0) factor = -factor;   /* units are never negative: the largest number is the largest score */
  uint8_t *bytes = (uint8_t *)rows;
  for (size_t key = 0; key < keys; key++, bytes += byte_row) {
    vector_picked->quantize_centered(bytes, job->k + (first + key) * row + head * shape->size, middle, shape->size,
                                     factor);
    memset(bytes + shape->size, 0, byte_row - shape->size);
  }
  state->scores->pack_rows(into, rows, keys, state->groups_of_bytes, (ptrdiff_t)state->groups_of_bytes, 1, 1);

  const float *v = job->v + first * value_row + head * shape->value_size;
  float *values = into + key_floats(state, keys), *units = values + value_floats(state, keys);
  float *least = memory, *most = least + shape->value_size, *joined = most + shape->value_size;
  vector_picked->column_bounds(least, most, v, value_row, keys, shape->value_size);
  for (size_t i = 0; i < shape->value_size; i++) {
    float bound = fmaxf(-least[i], most[i]);
    bool finite = isfinite(least[i]) && isfinite(most[i]);
    units[i] = finite ? bound / state->narrow->value_limit : NAN;
    most[i] = finite && units[i] >= FLT_MIN ? 1 / units[i] : 0;
  }
  for (size_t group = 0, key = 0; group < groups; group++, key += state->narrow->keys)
    state->narrow->quantize_values(joined + group * shape->value_size, v + key * value_row, value_row, keys - key, most,
                                   shape->value_size);
  state->mixes->pack_rows(values, joined, shape->value_size, groups, 1, (ptrdiff_t)shape->value_size, 1);
}

static void pack_worker(void *argument, size_t worker) {
  narrow_job *job = argument;
  const narrow_state *state = job->state;
  float *memory = job->workspace + worker * state->worker_floats;
  size_t count = state->shape.items * state->shape.heads * state->blocks;
  for (size_t index; (index = atomic_fetch_add(&job->next, 1)) < count;) pack_block(job, index, memory);
}

/* Asks for part of a group's queries, whose rows lie apart: part `part` of `parts`. */
static void fetch_queries(const narrow_job *job, size_t index, size_t part, size_t parts) {
  enum { LINE = 64 / sizeof(float) };
  const narrow_state *state = job->state;
  const attention_shape *shape = &state->shape;
  if (shape->size == 0) return;
  size_t head = index / state->groups % shape->heads, item = index / state->groups / shape->heads;
  size_t rows = state->panels * vector_picked->tile_columns, first = index % state->groups * rows;
  size_t count = smaller(shape->queries - first, rows), end = count * (part + 1) / parts;
  for (size_t query = count * part / parts; query < end; query++) {
    const float *q = job->q + (item * shape->queries + first + query) * shape->rows[0] + head * shape->size;
    for (size_t i = 0; i < shape->size; i += LINE) __builtin_prefetch(q + i, 0, 2);
    __builtin_prefetch(q + shape->size - 1, 0, 2);
  }
}

/* - next: the group that this worker does then; as many as there are: none. */
static void run_group(const narrow_job *job, size_t index, size_t next, float *memory) {
  const narrow_state *state = job->state;
  const attention_shape *shape = &state->shape;
  const vector_loops *loops = vector_picked;
  const size_t wide = loops->tile_columns, size = shape->size, value_size = shape->value_size;
  const size_t row = shape->rows[0], y_row = shape->heads * value_size, depth = state->groups_of_bytes;
  size_t group = index % state->groups, head = index / state->groups % shape->heads;
  size_t item = index / state->groups / shape->heads;
  size_t first = group * state->panels * wide, count = smaller(shape->queries - first, state->panels * wide);
  size_t panels = (count + wide - 1) / wide;
  float *scores = memory, *products = scores + state->key_block * wide, *decay = products + value_size * wide;
  float *gain = decay + wide, *mix = gain + wide, *queries = mix + state->panels * value_size * wide;
  float *units = queries + state->panels * depth * wide, *largest = units + state->panels * wide;
  float *sums = largest + state->panels * wide, *rows = sums + state->panels * wide;
  float factor = fabsf(shape->scale) * job->units[item * shape->heads + head];
  for (size_t panel = 0; panel < panels; panel++) {
    size_t present = smaller(count - panel * wide, wide);
    const float *q = job->q + (item * shape->queries + first + panel * wide) * row + head * size;
    memset(units + panel * wide, 0, wide * sizeof *units);
    loops->quantize_queries((int8_t *)rows, depth * VECTOR_BYTES, units + panel * wide, q, row, present, size);
    for (size_t query = 0; query < present; query++) units[panel * wide + query] *= factor;
    state->scores->pack_columns(queries + panel * depth * wide, rows, present, depth, 1, (ptrdiff_t)depth);
  }
  const float *packed = job->packed + (index / state->groups) * state->blocks * state->block_floats;
  for (size_t block = 0; block < state->blocks; block++, packed += state->block_floats) {
    if (next < shape->items * shape->heads * state->groups) fetch_queries(job, next, block, state->blocks);
    size_t keys = keys_of(state, block);
    const float *values = packed + key_floats(state, keys), *value_units = values + value_floats(state, keys);
    for (size_t panel = 0; panel < panels; panel++) {
      state->scores->multiply(scores, wide, packed, queries + panel * depth * wide, keys, wide, depth, 0, queries);
      state->narrow->attend(scores, keys, units + panel * wide, largest + panel * wide, sums + panel * wide, decay,
                            gain, block == 0);
      state->mixes->multiply(products, wide, values, scores, value_size, wide, value_depth(state, keys), 0,
                                      queries);
      loops->add_mix(mix + panel * value_size * wide, products, value_size, value_units, decay, gain, block == 0);
    }
  }
  float *y = job->y + (item * shape->queries + first) * y_row + head * value_size;
  for (size_t panel = 0; panel < panels; panel++)
    loops->attended(y + panel * wide * y_row, y_row, smaller(count - panel * wide, wide),
                    mix + panel * value_size * wide, sums + panel * wide, value_size);
}

static void run_worker(void *argument, size_t worker) {
  narrow_job *job = argument;
  const narrow_state *state = job->state;
  float *memory = job->workspace + worker * state->worker_floats;
  size_t count = state->shape.items * state->shape.heads * state->groups;
  for (size_t index = worker, next; index < count; index = next) {
    next = atomic_fetch_add(&job->next, 1);
    run_group(job, index, next, memory);
  }
}

static int32_t compute(const oneiro_call *call) {
  const narrow_state *state = call->state;
  const attention_shape *shape = &state->shape;
  if (oneiro_element_count(&call->outputs[0]) == 0) return ONEIRO_OK;
  if (shape->keys == 0) {   /* a sum of nothing */
    memset(call->outputs[0].data, 0, call->outputs[0].byte_count);
    return ONEIRO_OK;
  }
  float *units = call->workspace, *bounds = units + unit_floats(state), *packed = bounds + bound_floats(state);
  size_t heads = shape->items * shape->heads, blocks = heads * state->blocks;
  narrow_job job = {
      .state = state, .q = vector_attention_operand(call, shape, 0), .k = vector_attention_operand(call, shape, 1),
      .v = vector_attention_operand(call, shape, 2), .y = call->outputs[0].data, .units = units, .bounds = bounds,
      .packed = packed, .workspace = packed + blocks * state->block_floats};
  vector_parallel_ranges(call, heads, shape->keys * shape->size, measure, &job);
  size_t workers = smaller(state->workers, (size_t)call->threads);
  vector_parallel_workers(call, smaller(workers, blocks), pack_worker, &job);
  /* Everybody begins with a group of his own. */
  workers = smaller(workers, heads * state->groups);
  atomic_store(&job.next, workers);
  vector_parallel_workers(call, workers, run_worker, &job);
  return ONEIRO_OK;
}

/* Half the instructions of the products, and a shorter polynomial. */
static double relative_time(const oneiro_node *node, int32_t threads) {
  (void)node;
  (void)threads;
  return 0.5;
}

static const vector_kernel kernels[] = {
    {"ScaledDotProductAttention", 1, supports, prepare, compute, free, "ai.oneiro", relative_time, "8 bits",
     ONEIRO_KERNEL_APPROXIMATE},
};
VECTOR_FAMILY(vector_attention_narrow, kernels);
