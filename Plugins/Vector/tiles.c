/* Tiles, counted through the rows of all images, are cut into chunks. For a chunk, every row of input is transformed
 * into panels of B, one set for each product. Then a worker takes some output channels at a time: it transforms their
 * filters into panels of A, multiplies, and transforms the products into pixels. So what a worker writes is small, and
 * the transformed input is read from the last-level cache by all of them. */
#include "tiles.h"
#include "sizes.h"

#include <stdatomic.h>

/* Floats of a chunk's transformed input, and of a worker's transformed filters: parts of a last-level and of a
 * second-level cache. */
enum { CHUNK_FLOATS = 3 << 20, FILTER_FLOATS = 1 << 18 };
/* Panels of A that a group may have, and their rows. */
enum { MOST_PANELS = 8, MOST_GROUP = MOST_PANELS * VECTOR_MOST_LINES };
/* The products' panels start one cache line further each, or they would all fall into the same few sets. */
enum { SHIFT = 16 };

size_t vector_tile_count(const vector_convolution *convolution, size_t tile) {
  const int64_t *output = convolution->spatial.output;
  return convolution->batch * divide_up((size_t)output[1], tile) * divide_up((size_t)output[2], tile);
}

/* Cuts the panels' tiles into runs along the images' rows. Returns how many; writes them where memory is given. */
static size_t cut_runs(const vector_convolution *convolution, size_t tile, size_t *first_run, vector_tile_run *runs) {
  const vector_spatial *spatial = &convolution->spatial;
  size_t high = divide_up((size_t)spatial->output[1], tile), wide = divide_up((size_t)spatial->output[2], tile);
  size_t panel = vector_picked->tile_columns, tiles = vector_tile_count(convolution, tile), count = 0;
  for (size_t at = 0; at < tiles;) {
    size_t lane = at % panel, column = at % wide, row = at / wide;
    size_t length = smaller(smaller(panel - lane, wide - column), tiles - at);
    if (lane == 0 && first_run) first_run[at / panel] = count;
    if (runs)
      runs[count] = (vector_tile_run){.lane = lane, .count = length, .image = row / high,
                                      .out_y = (int64_t)(tile * (row % high)), .out_x = (int64_t)(tile * column)};
    count++;
    at += length;
  }
  if (first_run) first_run[divide_up(tiles, panel)] = count;
  return count;
}

static size_t panels_of(const vector_convolution *convolution, size_t tile) {
  return divide_up(vector_tile_count(convolution, tile), vector_picked->tile_columns);
}

size_t vector_tile_run_bytes(const vector_convolution *convolution, size_t tile) {
  return cut_runs(convolution, tile, NULL, NULL) * sizeof(vector_tile_run) +
         (panels_of(convolution, tile) + 1) * sizeof(size_t);
}

void vector_lay_tile_runs(vector_tiles *tiles, const vector_convolution *convolution, size_t tile, void *memory) {
  vector_tile_run *runs = memory;
  size_t *first_run = (size_t *)(runs + cut_runs(convolution, tile, NULL, NULL));
  cut_runs(convolution, tile, first_run, runs);
  tiles->runs = runs;
  tiles->first_run = first_run;
}

/* Output channels a worker takes at a time: their filters fit its cache, and all workers end at about the same time. */
static size_t group_of(const vector_tiles *tiles) {
  size_t high = tiles->loops->rows, panels = divide_up(tiles->out_channels, high);
  size_t most = FILTER_FLOATS / (tiles->products * tiles->block * high);
  most = most < 2 ? 2 : smaller(most, MOST_PANELS);
  size_t best = 1, least = SIZE_MAX;
  for (size_t group = 1; group <= smaller(most, panels); group++) {
    size_t rounds = divide_up(divide_up(panels, group), tiles->workers) * group;
    if (rounds <= least) {
      least = rounds;
      best = group;
    }
  }
  return best * high;
}

vector_tiles vector_plan_tiles(const vector_convolution *convolution, const vector_tile_formula *formula,
                               int32_t threads) {
  const size_t wide = vector_picked->tile_columns, panels = panels_of(convolution, formula->tile);
  const size_t products = formula->products, depth = formula->depth;
  vector_tiles tiles = {.loops = formula->loops, .products = products, .depth = depth, .block = formula->block,
                        .out_channels = convolution->out_channels,
                        .count = vector_tile_count(convolution, formula->tile), .panels = panels,
                        .workers = (size_t)threads};
  size_t most = CHUNK_FLOATS / (products * depth * wide), chunks = divide_up(panels, most < 4 ? 4 : most);
  size_t rows = round_up(tiles.out_channels, tiles.loops->rows);
  tiles.chunk = divide_up(panels, chunks);
  tiles.group = group_of(&tiles);
  tiles.input_step = tiles.chunk * depth * wide + SHIFT;
  tiles.filter_step = (formula->is_packed ? rows : tiles.group) * tiles.block + SHIFT;
  tiles.product_step = tiles.group * tiles.chunk * wide + SHIFT;
  /* The output's last vector may reach behind the last tile. */
  size_t filters = formula->is_packed ? 0 : tiles.filter_step;
  tiles.worker_floats = round_up(products * (filters + tiles.product_step) + wide, SHIFT);
  tiles.workers = smaller(tiles.workers, divide_up(rows, tiles.group));
  return tiles;
}

size_t vector_tile_workspace(const vector_tiles *tiles) {
  return (tiles->products * tiles->input_step + tiles->workers * tiles->worker_floats) * sizeof(float);
}

typedef struct tiles_job {
  const vector_tiles *tiles;
  const vector_tile_work *work;
  float *panels, *memory;                 /* of B; of the workers */
  size_t first, count;                    /* panels of the chunk */
  _Atomic size_t next;
} tiles_job;

/* Where the chunk's panels of B begin for the block of depth that begins at k. */
static size_t block_of_panels(const tiles_job *job, size_t k) { return k * job->count * vector_picked->tile_columns; }

static void transform_input(void *argument, size_t begin, size_t end) {
  const tiles_job *job = argument;
  const vector_tiles *tiles = job->tiles;
  size_t wide = vector_picked->tile_columns;
  for (size_t k = begin; k < end; k++) {
    size_t first = k / tiles->block * tiles->block, depth = smaller(tiles->block, tiles->depth - first);
    for (size_t panel = 0; panel < job->count; panel++) {
      const size_t *run = &tiles->first_run[job->first + panel];
      float *into = job->panels + block_of_panels(job, first) + (panel * depth + k - first) * wide;
      job->work->transform_input(job->work->argument, into, tiles->input_step, k, tiles->runs + run[0],
                                 run[1] - run[0]);
    }
  }
}

/* C = A B, or C += A B from the second block of the depth on, for one of the products. */
static void multiply_block(const tiles_job *job, size_t product, size_t first, size_t rows, size_t k, float *c,
                           const float *filters, const float *panels, const float *then) {
  const vector_tiles *tiles = job->tiles;
  const vector_tile_work *work = job->work;
  const size_t columns = job->count * vector_picked->tile_columns, depth = smaller(tiles->block, tiles->depth - k);
  if (!work->factors) {
    tiles->loops->multiply(c, columns, filters, panels, rows, columns, depth, k > 0, then);
    return;
  }
  static const int32_t nothing[MOST_GROUP];   /* to subtract from any row */
  const vector_sums_ending ending = {.c = c, .offsets = nothing, .added = k > 0 ? c : NULL,
                                     .factors = work->factors + product * work->factor_step + first};
  tiles->loops->multiply_to_end(c, columns, filters, panels, rows, columns, depth, then, &ending);
}

static void run_group(const tiles_job *job, size_t first, float *memory) {
  const vector_tiles *tiles = job->tiles;
  const vector_tile_work *work = job->work;
  size_t high = tiles->loops->rows, wide = vector_picked->tile_columns;
  size_t rows = smaller(tiles->group, tiles->out_channels - first), columns = job->count * wide;
  /* Whole tiles; what is above has room and is not looked at. */
  size_t padded = round_up(rows, vector_least_rows(tiles->loops));
  const float *filters = work->packed ? work->packed + first * tiles->depth : memory;
  float *products = work->packed ? memory : memory + tiles->products * tiles->filter_step;
  for (size_t k = 0; k < tiles->depth; k += tiles->block) {
    size_t depth = smaller(tiles->block, tiles->depth - k);
    for (size_t row = 0; row < rows && !work->packed; row += high)
      work->transform_filters(work->argument, memory + row * depth, tiles->filter_step, first + row,
                              smaller(high, rows - row), k, depth);
    const float *panels = job->panels + block_of_panels(job, k);
    for (size_t product = 0; product < tiles->products; product++)
      multiply_block(job, product, first, padded, k, products + product * tiles->product_step,
                     filters + product * tiles->filter_step, panels + product * tiles->input_step,
                     panels + (product + 1) % tiles->products * tiles->input_step);
  }
  for (size_t row = 0; row < rows; row++)
    for (size_t panel = 0; panel < job->count; panel++) {
      const size_t *run = &tiles->first_run[job->first + panel];
      work->transform_output(work->argument, first + row, products + row * columns + panel * wide,
                             tiles->product_step, tiles->runs + run[0], run[1] - run[0]);
    }
}

static void run_worker(void *argument, size_t worker) {
  tiles_job *job = argument;
  const vector_tiles *tiles = job->tiles;
  float *memory = job->memory + worker * tiles->worker_floats;
  for (size_t first; (first = atomic_fetch_add(&job->next, tiles->group)) < tiles->out_channels;)
    run_group(job, first, memory);
}

void vector_run_tiles(const oneiro_call *call, const vector_tiles *tiles, const vector_tile_work *work) {
  float *workspace = call->workspace;
  tiles_job job = {.tiles = tiles, .work = work, .panels = workspace,
                   .memory = workspace + tiles->products * tiles->input_step};
  for (job.first = 0; job.first < tiles->panels; job.first += tiles->chunk) {
    job.count = smaller(tiles->chunk, tiles->panels - job.first);
    vector_parallel_ranges(call, tiles->depth, job.count * vector_picked->tile_columns * 64, transform_input, &job);
    atomic_store(&job.next, 0);
    vector_parallel_workers(call, smaller(tiles->workers, (size_t)call->threads), run_worker, &job);
  }
}
