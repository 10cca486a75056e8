/* Tiles of 4 x 4 outputs, counted through the rows of all images, are cut into chunks. For a chunk, every input channel
 * is transformed into panels of B, one set for each of the 36 products. Then a worker takes some output channels at a
 * time: it transforms their filters into panels of A, multiplies, and transforms the products into pixels. So what a
 * worker writes is small, and the transformed input is read from the last-level cache by all of them. */
#include "winograd.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { PRODUCTS = 36, TILE = 4 };
/* Floats of a chunk's transformed input, and of a worker's transformed filters: parts of a last-level and of a
 * second-level cache. */
enum { CHUNK_FLOATS = 3 << 20, FILTER_FLOATS = 1 << 18 };
/* The products' panels start one cache line further each, or they would all fall into the same few sets. */
enum { SHIFT = 16 };

typedef struct winograd_state {
  size_t batch, in_channels, out_channels;
  int64_t input[2], output[2];
  size_t tiles, panels;                   /* of all images; panels of tile_columns tiles */
  size_t chunk;                           /* panels of a chunk */
  size_t group;                           /* output channels that a worker takes, whole panels of A */
  size_t input_step, filter_step, product_step;
  size_t worker_floats;
  size_t workers;
  vector_ending ending;
  const size_t *first_run;                /* of each panel, and the end */
  const vector_winograd_run *runs;
} winograd_state;

static size_t round_up(size_t value, size_t step) { return (value + step - 1) / step * step; }
static size_t divide_up(size_t value, size_t step) { return (value + step - 1) / step; }
static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static size_t tiles_along(int64_t extent) { return ((size_t)extent + TILE - 1) / TILE; }

static size_t tiles_of(const vector_convolution *convolution) {
  const int64_t *output = convolution->spatial.output;
  return convolution->batch * tiles_along(output[1]) * tiles_along(output[2]);
}

/* Measured per channel pair and per tile of a channel, in operations at the speed of a product. */
static double cost_of(const vector_convolution *convolution) {
  enum { FILTER_COST = 1200 };
  double in = (double)convolution->in_channels, out = (double)convolution->out_channels;
  double rows = (double)round_up(convolution->out_channels, vector_floats()->rows / 3);
  double tiles = (double)tiles_of(convolution);
  double padded = (double)round_up(tiles_of(convolution), vector_picked->tile_columns);
  return in * rows * (2 * PRODUCTS * padded + FILTER_COST) + tiles * (in + out) * vector_picked->winograd_tile_cost;
}

int32_t vector_winograd_supports(const vector_convolution *convolution, oneiro_text *why) {
  const vector_spatial *spatial = &convolution->spatial;
  if (convolution->transposed || spatial->axes != 2) return vector_refuse(why, "Winograd: no convolution over two axes");
  if (convolution->groups != 1) return vector_refuse(why, "Winograd: %zu groups", convolution->groups);
  for (int32_t at = 1; at < VECTOR_SPATIAL; at++)
    if (spatial->kernel[at] != 3 || spatial->stride[at] != 1 || spatial->dilation[at] != 1)
      return vector_refuse(why, "Winograd: no 3 x 3 filters at every pixel");
  if (convolution->in_channels == 0 || convolution->out_channels == 0 || tiles_of(convolution) == 0)
    return vector_refuse(why, "Winograd: nothing to compute");
  return ONEIRO_OK;
}

double vector_winograd_relative_time(const vector_convolution *convolution) {
  /* Direct convolutions take output channels in blocks of a vector, full or not. */
  enum { BLOCK = 16 };
  double direct = 18.0 * (double)convolution->batch * (double)convolution->out_plane *
                  (double)convolution->in_channels * (double)round_up(convolution->out_channels, BLOCK);
  return cost_of(convolution) / direct;
}

/* Cuts the panels' tiles into runs along the images' rows. Returns how many; writes them where memory is given. */
static size_t cut_runs(const vector_convolution *convolution, size_t *first_run, vector_winograd_run *runs) {
  const vector_spatial *spatial = &convolution->spatial;
  size_t high = tiles_along(spatial->output[1]), wide = tiles_along(spatial->output[2]);
  size_t panel = vector_picked->tile_columns, tiles = tiles_of(convolution), count = 0;
  for (size_t tile = 0; tile < tiles;) {
    size_t lane = tile % panel, column = tile % wide, row = tile / wide;
    size_t length = smaller(smaller(panel - lane, wide - column), tiles - tile);
    if (lane == 0 && first_run) first_run[tile / panel] = count;
    if (runs) {
      int64_t y = TILE * (int64_t)(row % high), x = TILE * (int64_t)column;
      runs[count] = (vector_winograd_run){.lane = lane, .count = length, .image = row / high, .out_y = y, .out_x = x,
                                          .y = y - spatial->pad_begin[1], .x = x - spatial->pad_begin[2]};
    }
    count++;
    tile += length;
  }
  if (first_run) first_run[divide_up(tiles, panel)] = count;
  return count;
}

/* Output channels a worker takes at a time: their filters fit its cache, and all workers end at about the same time. */
static size_t group_of(const winograd_state *state) {
  size_t high = vector_floats()->rows, panels = divide_up(state->out_channels, high);
  size_t most = FILTER_FLOATS / (PRODUCTS * state->in_channels * high);
  most = most < 2 ? 2 : most > 8 ? 8 : most;
  size_t best = 1, least = SIZE_MAX;
  for (size_t group = 1; group <= smaller(most, panels); group++) {
    size_t rounds = divide_up(divide_up(panels, group), state->workers) * group;
    if (rounds <= least) {
      least = rounds;
      best = group;
    }
  }
  return best * high;
}

int32_t vector_winograd_supports_fused(const oneiro_node *node, const vector_convolution *convolution,
                                       oneiro_text *why) {
  vector_ending ending;
  int32_t status = vector_describe_ending(node, &ending, why);
  if (!status) status = vector_winograd_supports(convolution, why);
  if (status) return status;
  if (vector_winograd_relative_time(convolution) > 0.8) return vector_refuse(why, "Winograd: too little to save");
  return ONEIRO_OK;
}

int32_t vector_winograd_prepare(oneiro_call *call) {
  vector_convolution convolution;
  int32_t status = vector_describe_convolution(call->node, false, &convolution, call->why);
  if (!status) status = vector_describe_ending(call->node, &convolution.ending, call->why);
  if (status) return status;
  const vector_spatial *spatial = &convolution.spatial;
  size_t wide = vector_picked->tile_columns, high = vector_floats()->rows;
  size_t panels = divide_up(tiles_of(&convolution), wide), run_count = cut_runs(&convolution, NULL, NULL);
  size_t byte_count = sizeof(winograd_state) + run_count * sizeof(vector_winograd_run) + (panels + 1) * sizeof(size_t);
  winograd_state *state = vector_new_state(byte_count);
  if (!state) return vector_out_of_memory(call->why, byte_count);
  vector_winograd_run *runs = (vector_winograd_run *)(state + 1);
  size_t *first_run = (size_t *)(runs + run_count);
  cut_runs(&convolution, first_run, runs);
  *state = (winograd_state){.batch = convolution.batch, .in_channels = convolution.in_channels,
                            .out_channels = convolution.out_channels,
                            .input = {spatial->input[1], spatial->input[2]},
                            .output = {spatial->output[1], spatial->output[2]},
                            .tiles = tiles_of(&convolution), .panels = panels,
                            .workers = (size_t)call->threads, .ending = convolution.ending,
                            .first_run = first_run, .runs = runs};
  size_t panel_floats = PRODUCTS * state->in_channels * wide;
  size_t most = CHUNK_FLOATS / panel_floats;
  size_t chunks = divide_up(panels, most < 4 ? 4 : most);
  state->chunk = divide_up(panels, chunks);
  state->group = group_of(state);
  state->input_step = state->chunk * state->in_channels * wide + SHIFT;
  state->filter_step = state->group * state->in_channels + SHIFT;
  state->product_step = state->group * state->chunk * wide + SHIFT;
  /* The output's last vector may reach behind the last tile. */
  state->worker_floats = round_up(PRODUCTS * (state->filter_step + state->product_step) + wide, SHIFT);
  state->workers = smaller(state->workers, divide_up(round_up(state->out_channels, high), state->group));
  call->state = state;
  call->workspace_byte_count =
      (PRODUCTS * state->input_step + state->workers * state->worker_floats) * sizeof(float);
  return ONEIRO_OK;
}

typedef struct winograd_job {
  const winograd_state *state;
  const float *x, *filters, *bias, *added;
  const vector_weights *weights;          /* in the place of filters */
  float *y, *panels, *workspace;
  size_t first, count;                    /* panels of the chunk */
  _Atomic size_t next;
} winograd_job;

static void transform_input(void *argument, size_t begin, size_t end) {
  const winograd_job *job = argument;
  const winograd_state *state = job->state;
  size_t wide = vector_picked->tile_columns, plane = (size_t)(state->input[0] * state->input[1]);
  for (size_t channel = begin; channel < end; channel++)
    for (size_t panel = 0; panel < job->count; panel++) {
      const size_t *run = &state->first_run[job->first + panel];
      vector_picked->winograd_input(job->panels + (panel * state->in_channels + channel) * wide, state->input_step,
                                    job->x + channel * plane, state->in_channels * plane, state->input[0],
                                    state->input[1], state->runs + run[0], run[1] - run[0]);
    }
}

/* A panel of transformed filters, of output channels from `row` on. */
static void transform_filters(const winograd_job *job, float *into, size_t row, size_t rows) {
  enum { TAPS = 9, CHANNELS = 32, MOST_ROWS = 32 };
  size_t depth = job->state->in_channels, step = job->state->filter_step, high = vector_floats()->rows;
  if (!job->weights) {
    vector_picked->winograd_filters(into, step, job->filters + row * depth * TAPS, rows, depth);
    return;
  }
  float widened[MOST_ROWS * CHANNELS * TAPS];
  for (size_t k = 0; k < depth; k += CHANNELS) {
    size_t channels = smaller(CHANNELS, depth - k);
    for (size_t i = 0; i < rows; i++)
      vector_widen(job->weights, widened + i * channels * TAPS, ((row + i) * depth + k) * TAPS, channels * TAPS);
    vector_picked->winograd_filters(into + k * high, step, widened, rows, channels);
  }
}

static void run_group(const winograd_job *job, size_t first, float *memory) {
  const winograd_state *state = job->state;
  const vector_loops *loops = vector_picked;
  size_t high = vector_floats()->rows, wide = loops->tile_columns, depth = state->in_channels;
  size_t rows = smaller(state->group, state->out_channels - first), columns = job->count * wide;
  size_t plane = (size_t)(state->output[0] * state->output[1]);
  /* Whole tiles, the smallest of which has a third of the rows; what is above has room and is not looked at. */
  size_t padded = round_up(rows, high >= 3 ? high / 3 : 1);
  float *filters = memory, *products = memory + PRODUCTS * state->filter_step;
  for (size_t row = 0; row < rows; row += high)
    transform_filters(job, filters + row * depth, first + row, smaller(high, rows - row));
  for (size_t product = 0; product < PRODUCTS; product++)
    vector_floats()->multiply(products + product * state->product_step, columns, filters + product * state->filter_step,
                    job->panels + product * state->input_step, padded, columns, depth, 0,
                    job->panels + (product + 1) % PRODUCTS * state->input_step);
  for (size_t row = first; row < first + rows; row++) {
    bool adds_channels = state->ending.added == VECTOR_ADDS_CHANNELS;
    const float *pixels = adds_channels ? NULL : job->added, *images = adds_channels ? job->added : NULL;
    vector_winograd_channel channel = {
        .y = job->y + row * plane, .image_step = state->out_channels * plane, .height = state->output[0],
        .width = state->output[1], .bias = job->bias ? job->bias[row] : 0, .image_bias = images ? images + row : NULL,
        .channels = state->out_channels, .added = pixels ? pixels + row * plane : NULL,
        .activation = state->ending.activation};
    for (size_t panel = 0; panel < job->count; panel++) {
      const size_t *run = &state->first_run[job->first + panel];
      loops->winograd_output(&channel, products + (row - first) * columns + panel * wide, state->product_step,
                             state->runs + run[0], run[1] - run[0]);
    }
  }
}

static void run_worker(void *argument, size_t worker) {
  winograd_job *job = argument;
  const winograd_state *state = job->state;
  float *memory = job->workspace + worker * state->worker_floats;
  for (size_t first; (first = atomic_fetch_add(&job->next, state->group)) < state->out_channels;)
    run_group(job, first, memory);
}

int32_t vector_winograd_compute(const oneiro_call *call) { return vector_winograd_convolve(call, NULL); }

int32_t vector_winograd_convolve(const oneiro_call *call, const vector_weights *weights) {
  const winograd_state *state = call->state;
  winograd_job job = {.state = state, .x = call->inputs[0].data, .filters = call->inputs[1].data, .weights = weights,
                      .bias = oneiro_has_input(call->node, 2) ? call->inputs[2].data : NULL,
                      .added = vector_added_of(call),
                      .y = call->outputs[0].data, .panels = call->workspace,
                      .workspace = (float *)call->workspace + PRODUCTS * state->input_step};
  for (job.first = 0; job.first < state->panels; job.first += state->chunk) {
    job.count = smaller(state->chunk, state->panels - job.first);
    vector_parallel_ranges(call, state->in_channels, job.count * vector_picked->tile_columns * 64, transform_input,
                           &job);
    atomic_store(&job.next, 0);
    vector_parallel_workers(call, smaller(state->workers, (size_t)call->threads), run_worker, &job);
  }
  return ONEIRO_OK;
}
