/* Convolutions over two axes by tiles of the output: a product of matrices, filters times input, for each of some
 * numbers that filters and input of a tile are transformed into. */
#ifndef VECTOR_TILES_H
#define VECTOR_TILES_H

#include "convolution.h"

#pragma GCC visibility push(hidden)

/* What a tile becomes. */
typedef struct vector_tile_formula {
  const vector_product_loops *loops;
  size_t tile;                            /* output rows and columns */
  size_t products;
  size_t depth;                           /* of a product, in the loops' elements */
  size_t block;                           /* multiplied at a time: all of it where filters are floats, or packed */
  bool is_packed;                         /* whether filters come packed */
} vector_tile_formula;

/* Sizes, and how the work is cut. Made once in `prepare`. */
typedef struct vector_tiles {
  const vector_product_loops *loops;
  size_t products, depth, block;          /* as above */
  size_t out_channels;
  size_t count, panels;                   /* tiles of all images; panels of tile_columns tiles */
  size_t chunk;                           /* panels whose input is transformed at a time */
  size_t group;                           /* output channels that a worker takes, whole panels of A */
  size_t workers;
  size_t input_step, filter_step, product_step;
  size_t worker_floats;
  const size_t *first_run;                /* of each panel, and the end */
  const vector_tile_run *runs;
} vector_tiles;

/* What is done to a chunk. All are called from any thread. */
typedef struct vector_tile_work {
  const void *argument;
  /* Row k of a panel of B; from one product's to the next one's are `step` floats. */
  void (*transform_input)(const void *argument, float *into, size_t step, size_t k, const vector_tile_run *runs,
                          size_t count);
  /* A panel of A: `rows` output channels from `row` on, and `depth` elements from k on. Not called where `packed` is
   * all of A. */
  void (*transform_filters)(const void *argument, float *into, size_t step, size_t row, size_t rows, size_t k,
                            size_t depth);
  /* Pixels of output channel `row` from a row of each product, which may be read up to a vector behind the last. */
  void (*transform_output)(const void *argument, size_t row, const float *products, size_t step,
                           const vector_tile_run *runs, size_t count);
  const float *packed;                    /* all of A, product by product; NULL: `transform_filters` makes it */
  /* What the sums of whole numbers mean: a factor for each output channel, up to whole panels of A, and product, which
   * lie `factor_step` apart. NULL: products are taken as they are. */
  const float *factors;
  size_t factor_step;
} vector_tile_work;

/* Tiles of so many output rows and columns. */
size_t vector_tile_count(const vector_convolution *convolution, size_t tile);

vector_tiles vector_plan_tiles(const vector_convolution *convolution, const vector_tile_formula *formula,
                               int32_t threads);

/* Bytes of memory for a plan's runs, which are laid there. */
size_t vector_tile_run_bytes(const vector_convolution *convolution, size_t tile);
void vector_lay_tile_runs(vector_tiles *tiles, const vector_convolution *convolution, size_t tile, void *memory);

/* Floats of all filters packed; those of a product begin `filter_step` behind those of the one before. */
static inline size_t vector_tile_filter_floats(const vector_tiles *tiles) {
  return tiles->products * tiles->filter_step;
}

size_t vector_tile_workspace(const vector_tiles *tiles);

void vector_run_tiles(const oneiro_call *call, const vector_tiles *tiles, const vector_tile_work *work);

#pragma GCC visibility pop
#endif
