/* LSTM and GRU. What the inputs contribute to the gates is one product for all steps, made ahead; what is left of a step is
 * a few rows of the state times weights that stay in the cache. Directions and items of the batch do not depend on each
 * other, so threads share them, and none waits for another within a sequence. */
#include <stdlib.h>

#include "families.h"
#include "product.h"
#include "sizes.h"

typedef struct recurrent_shape {
  size_t gates, directions, length, batch, input, hidden;
  bool reverse;                     /* a single direction, from the end */
  bool linear_before_reset;         /* GRU */
  bool biased;
} recurrent_shape;

typedef struct recurrent_state {
  recurrent_shape shape;
  vector_product_plan plan;         /* of the inputs' share: [length * batch, input] times [input, gates * hidden] */
  size_t panel_rows;                /* items of the batch that one task takes */
  size_t tasks;
  size_t product_floats;            /* workspace of the product; then come projections, states, gates */
  size_t w_floats, r_floats;        /* packed, of one direction */
  size_t r_candidate;               /* GRU: where the candidate's weights begin in R packed */
  float *w, *r;
  float *biases;                    /* [directions, gates * hidden] for the projection, then the GRU's [directions, hidden] */
} recurrent_state;

static size_t least(size_t a, size_t b) { return a < b ? a : b; }
/* Floats of a row of gates: both of GRU's products write whole panels. */
static size_t gate_floats(const recurrent_shape *shape) {
  return round_up(shape->gates * shape->hidden, vector_picked->tile_columns) + vector_picked->tile_columns;
}

/* Whether `activations` is left out, or says what the operator does without it. */
static bool has_default_activations(const oneiro_node *node, const char *const *functions, size_t count) {
  const oneiro_attribute *given = oneiro_find_attribute(node, "activations");
  if (!given) return true;
  if (given->kind != ONEIRO_ATTRIBUTE_STRINGS) return false;
  const char *name = given->string;
  for (size_t index = 0; index < given->count; index++, name += strlen(name) + 1)
    if (strcmp(name, functions[index % count])) return false;
  return true;
}

static int32_t require_dims(const oneiro_node *node, size_t index, int32_t rank, const size_t *dims, oneiro_text *why) {
  if (!oneiro_has_input(node, index)) return ONEIRO_OK;
  const oneiro_tensor *tensor = &node->inputs[index];
  if (tensor->rank != rank) return vector_refuse(why, "input %zu has rank %d, not %d", index, tensor->rank, rank);
  for (int32_t axis = 0; axis < rank; axis++)
    if ((size_t)tensor->dims[axis] != dims[axis])
      return vector_refuse(why, "input %zu has %lld along axis %d, not %zu", index, (long long)tensor->dims[axis], axis,
                           dims[axis]);
  return ONEIRO_OK;
}

static int32_t shape_of(const oneiro_node *node, bool lstm, recurrent_shape *shape, oneiro_text *why) {
  static const char *const lstm_functions[] = {"Sigmoid", "Tanh", "Tanh"}, *const gru_functions[] = {"Sigmoid", "Tanh"};
  int32_t status = vector_require_plain(node, why);
  for (size_t index = 0; index < node->input_count && !status; index++)
    if (index != 4 && (index < 3 || oneiro_has_input(node, index)))
      status = vector_require_input(node, index, ONEIRO_FLOAT32, why);
  if (status) return status;
  if (oneiro_has_input(node, 4)) return vector_refuse(why, "sequences have lengths of their own");
  if (oneiro_has_input(node, 7)) return vector_refuse(why, "there are peepholes");
  if (oneiro_int(node, "layout", 0)) return vector_refuse(why, "layout is not 0");
  if (oneiro_int(node, "input_forget", 0)) return vector_refuse(why, "input_forget is set");
  if (oneiro_find_attribute(node, "clip")) return vector_refuse(why, "clip is set");
  if (!has_default_activations(node, lstm ? lstm_functions : gru_functions, lstm ? 3 : 2))
    return vector_refuse(why, "activations are not the default ones");
  const oneiro_tensor *x = &node->inputs[0], *r = &node->inputs[2];
  if (x->rank != 3 || r->rank != 3) return vector_refuse(why, "X or R has not rank 3");
  const char *direction = oneiro_string(node, "direction", "forward");
  *shape = (recurrent_shape){
      .gates = lstm ? 4 : 3, .directions = strcmp(direction, "bidirectional") ? 1 : 2, .length = (size_t)x->dims[0],
      .batch = (size_t)x->dims[1], .input = (size_t)x->dims[2], .hidden = (size_t)r->dims[2],
      .reverse = !strcmp(direction, "reverse"), .linear_before_reset = oneiro_int(node, "linear_before_reset", 0) != 0,
      .biased = oneiro_has_input(node, 3)};
  if (!shape->length || !shape->batch || !shape->input || !shape->hidden) return vector_refuse(why, "an extent is 0");
  const size_t rows = shape->gates * shape->hidden, d = shape->directions;
  if ((status = require_dims(node, 1, 3, (size_t[]){d, rows, shape->input}, why))) return status;
  if ((status = require_dims(node, 2, 3, (size_t[]){d, rows, shape->hidden}, why))) return status;
  if ((status = require_dims(node, 3, 2, (size_t[]){d, 2 * rows}, why))) return status;
  for (size_t index = 5; index < 7 && !status; index++)
    status = require_dims(node, index, 3, (size_t[]){d, shape->batch, shape->hidden}, why);
  for (size_t index = 1; index < 4 && !status; index++)
    if (oneiro_has_input(node, index) && !node->inputs[index].data)
      status = vector_refuse(why, "weights (input %zu) are not constant", index);
  return status;
}

static int32_t supports_lstm(const oneiro_node *node, oneiro_text *why) {
  recurrent_shape shape;
  return shape_of(node, true, &shape, why);
}

static int32_t supports_gru(const oneiro_node *node, oneiro_text *why) {
  recurrent_shape shape;
  return shape_of(node, false, &shape, why);
}

static void pack_weights(oneiro_call *call, recurrent_state *state) {
  const recurrent_shape *shape = &state->shape;
  const size_t rows = shape->gates * shape->hidden, hidden = shape->hidden;
  const float *w = call->node->inputs[1].data, *r = call->node->inputs[2].data;
  for (size_t d = 0; d < shape->directions; d++) {
    vector_operand b = {.data = w + d * rows * shape->input, .line_step = (ptrdiff_t)shape->input, .depth_step = 1};
    vector_pack_all_columns(call, &state->plan, &b, state->w + d * state->w_floats);
    const float *from = r + d * rows * hidden;
    float *to = state->r + d * state->r_floats;
    const size_t first = shape->gates == 3 ? 2 * hidden : rows;
    vector_floats()->pack_columns(to, from, first, hidden, 1, (ptrdiff_t)hidden);
    if (first < rows)
      vector_floats()->pack_columns(to + state->r_candidate, from + first * hidden, rows - first, hidden, 1,
                                  (ptrdiff_t)hidden);
  }
}

/* Both biases of a gate are added once, but for that of the GRU's candidate, where the reset gate stands between them. */
static void add_biases(const oneiro_node *node, recurrent_state *state) {
  const recurrent_shape *shape = &state->shape;
  const size_t rows = shape->gates * shape->hidden, hidden = shape->hidden;
  float *inner = state->biases + shape->directions * rows;
  for (size_t d = 0; d < shape->directions; d++) {
    const float *given = shape->biased ? (const float *)node->inputs[3].data + 2 * d * rows : NULL;
    for (size_t row = 0; row < rows; row++) {
      bool apart = shape->gates == 3 && shape->linear_before_reset && row >= 2 * hidden;
      float recurrent = given ? given[rows + row] : 0;
      if (apart) inner[d * hidden + row - 2 * hidden] = recurrent;
      state->biases[d * rows + row] = given ? given[row] + (apart ? 0 : recurrent) : 0;
    }
  }
}

static int32_t prepare(oneiro_call *call, bool lstm) {
  recurrent_shape shape;
  int32_t status = shape_of(call->node, lstm, &shape, call->why);
  if (status) return status;
  const size_t rows = shape.gates * shape.hidden, tile = vector_picked->tile_columns;
  size_t first = lstm ? rows : 2 * shape.hidden;
  size_t r_candidate = round_up(first, tile) * shape.hidden;
  size_t r_floats = r_candidate + (lstm ? 0 : round_up(shape.hidden, tile) * shape.hidden);
  size_t w_floats =
      round_up(vector_packed_columns_floats(VECTOR_FLOATS, rows, shape.input), VECTOR_ALIGNMENT / sizeof(float));
  size_t floats = shape.directions * (w_floats + r_floats + rows + shape.hidden);
  vector_packing packing;
  recurrent_state *state = vector_new_packed(call, sizeof *state, floats * sizeof(float), &packing);
  if (!state) return vector_out_of_memory(call->why, floats * sizeof(float));
  *state = (recurrent_state){
      .shape = shape, .w_floats = w_floats, .r_floats = r_floats, .r_candidate = r_candidate,
      .plan = vector_plan_product(VECTOR_FLOATS, shape.length * shape.batch, rows, shape.input, shape.directions,
                                  VECTOR_B_PACKED | VECTOR_A_IN_ROWS,
                                  call->threads)};
  state->w = packing.memory;
  state->r = state->w + shape.directions * w_floats;
  state->biases = state->r + shape.directions * r_floats;
  if (!packing.is_filled) {
    pack_weights(call, state);
    add_biases(call->node, state);
  }
  /* As few tasks as keep all threads busy: rows that go together share what they read of R. */
  size_t parts = least(((size_t)call->threads + shape.directions - 1) / shape.directions, shape.batch);
  state->panel_rows = (shape.batch + parts - 1) / parts;
  state->tasks = shape.directions * ((shape.batch + state->panel_rows - 1) / state->panel_rows);
  state->product_floats = round_up(vector_product_workspace(&state->plan), VECTOR_ALIGNMENT) / sizeof(float);
  size_t items = shape.directions * shape.batch;
  call->workspace_byte_count = (state->product_floats + items * (shape.length * rows + 2 * shape.hidden +
                                                                 2 * gate_floats(&shape))) * sizeof(float);
  oneiro_set_packed(call, 1);
  oneiro_set_packed(call, 2);
  call->state = state;
  return ONEIRO_OK;
}

static int32_t prepare_lstm(oneiro_call *call) { return prepare(call, true); }
static int32_t prepare_gru(oneiro_call *call) { return prepare(call, false); }

typedef struct recurrent_job {
  const recurrent_state *state;
  const oneiro_call *call;
  const float *x;
  float *projected;                 /* [directions, length * batch, gates * hidden] */
  float *h, *cell;                  /* [directions, batch, hidden] */
  float *gates;                     /* two rows of gate_floats for each item of each direction */
} recurrent_job;

static void start_rows(const void *argument, const vector_product_part *part) {
  const recurrent_job *job = argument;
  const recurrent_shape *shape = &job->state->shape;
  const size_t rows = shape->gates * shape->hidden, items = shape->length * shape->batch;
  size_t direction = (size_t)(part->c - job->projected) / (items * rows);
  for (size_t row = 0; row < part->rows; row++)
    memcpy(part->c + row * rows, job->state->biases + direction * rows + part->column, part->columns * sizeof(float));
}

static void describe(const void *argument, size_t index, vector_product_item *item) {
  const recurrent_job *job = argument;
  const recurrent_state *state = job->state;
  const recurrent_shape *shape = &state->shape;
  *item = (vector_product_item){
      .a = {.data = job->x, .line_step = (ptrdiff_t)shape->input, .depth_step = 1, .factor = 1},
      .b = {.packed = state->w + index * state->w_floats},
      .c = job->projected + index * shape->length * shape->batch * shape->gates * shape->hidden,
      .start = start_rows};
}

/* One step of items `item` ..< `end`; each function reads the state `h` and moves it on. */
static void step_lstm(const recurrent_job *job, size_t direction, size_t item, size_t end, const float *projected) {
  const recurrent_state *state = job->state;
  const recurrent_shape *shape = &state->shape;
  const size_t hidden = shape->hidden, rows = 4 * hidden, step = 2 * gate_floats(shape);
  size_t at = direction * shape->batch + item;
  float *gates = job->gates + at * step, *h = job->h + at * hidden, *cell = job->cell + at * hidden;
  vector_picked->multiply_state(gates, step, h, hidden, state->r + direction * state->r_floats, end - item, rows, hidden);
  for (size_t row = 0; row < end - item; row++)
    vector_picked->lstm_step(gates + row * step, projected + row * rows, hidden, cell + row * hidden, h + row * hidden);
}

static void step_gru(const recurrent_job *job, size_t direction, size_t item, size_t end, const float *projected) {
  const recurrent_state *state = job->state;
  const recurrent_shape *shape = &state->shape;
  const vector_loops *loops = vector_picked;
  const size_t hidden = shape->hidden, rows = 3 * hidden, step = 2 * gate_floats(shape), count = end - item;
  size_t at = direction * shape->batch + item;
  float *gates = job->gates + at * step, *candidate = gates + gate_floats(shape), *h = job->h + at * hidden;
  const float *r = state->r + direction * state->r_floats, *rh = r + state->r_candidate;
  const float *inner = state->biases + shape->directions * rows + direction * hidden;
  loops->multiply_state(gates, step, h, hidden, r, count, 2 * hidden, hidden);
  for (size_t row = 0; row < count; row++) loops->gru_gates(gates + row * step, projected + row * rows, hidden);
  if (shape->linear_before_reset) {
    loops->multiply_state(candidate, step, h, hidden, rh, count, hidden, hidden);
  } else {
    float *kept = job->cell + at * hidden;   /* the GRU has no cell: its place holds r * h */
    for (size_t row = 0; row < count; row++)
      loops->binary[VECTOR_MUL][VECTOR_F32](kept + row * hidden, gates + row * step + hidden, h + row * hidden, hidden, 1, 1);
    loops->multiply_state(candidate, step, kept, hidden, rh, count, hidden, hidden);
  }
  for (size_t row = 0; row < count; row++)
    loops->gru_step(gates + row * step, candidate + row * step, projected + row * rows + 2 * hidden,
                    shape->linear_before_reset ? inner : NULL, hidden, h + row * hidden);
}

static bool is_wanted(const oneiro_call *call, size_t output) {
  return output < call->node->output_count && call->outputs[output].data;
}

static void start_state(const oneiro_call *call, size_t input, float *state, size_t at, size_t count) {
  if (oneiro_has_input(call->node, input))
    memcpy(state + at, (const float *)call->inputs[input].data + at, count * sizeof(float));
  else
    memset(state + at, 0, count * sizeof(float));
}

static void run_task(void *argument, size_t task) {
  const recurrent_job *job = argument;
  const recurrent_state *state = job->state;
  const recurrent_shape *shape = &state->shape;
  const oneiro_call *call = job->call;
  const size_t hidden = shape->hidden, rows = shape->gates * hidden, directions = shape->directions;
  size_t direction = task % directions, item = task / directions * state->panel_rows;
  size_t end = least(item + state->panel_rows, shape->batch), count = (end - item) * hidden;
  size_t at = (direction * shape->batch + item) * hidden;
  start_state(call, 5, job->h, at, count);
  if (shape->gates == 4) start_state(call, 6, job->cell, at, count);
  float *y = is_wanted(call, 0) ? call->outputs[0].data : NULL;
  for (size_t step = 0; step < shape->length; step++) {
    size_t time = shape->reverse || direction == 1 ? shape->length - 1 - step : step;
    const float *projected = job->projected + ((direction * shape->length + time) * shape->batch + item) * rows;
    (shape->gates == 4 ? step_lstm : step_gru)(job, direction, item, end, projected);
    if (y)
      memcpy(y + ((time * directions + direction) * shape->batch + item) * hidden, job->h + at, count * sizeof(float));
  }
  if (is_wanted(call, 1)) memcpy((float *)call->outputs[1].data + at, job->h + at, count * sizeof(float));
  if (is_wanted(call, 2)) memcpy((float *)call->outputs[2].data + at, job->cell + at, count * sizeof(float));
}

static int32_t compute(const oneiro_call *call) {
  const recurrent_state *state = call->state;
  const recurrent_shape *shape = &state->shape;
  const size_t rows = shape->gates * shape->hidden, items = shape->directions * shape->batch;
  recurrent_job job = {.state = state, .call = call, .x = call->inputs[0].data,
                       .projected = (float *)call->workspace + state->product_floats};
  job.h = job.projected + items * shape->length * rows;
  job.cell = job.h + items * shape->hidden;
  job.gates = job.cell + items * shape->hidden;
  vector_run_products(call, &state->plan, call->workspace, shape->directions, rows, describe, &job);
  vector_parallel_workers(call, state->tasks, run_task, &job);
  return ONEIRO_OK;
}

static const vector_kernel kernels[] = {
    {"LSTM", 14, supports_lstm, prepare_lstm, compute, free, NULL},
    {"GRU", 14, supports_gru, prepare_gru, compute, free, NULL},
};
VECTOR_FAMILY(vector_recurrent, kernels);
