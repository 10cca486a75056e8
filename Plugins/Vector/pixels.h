/* A convolution whose image is copied with many channels of a pixel side by side, a line, for levels with tile
 * registers: then the pixels that a tap sees are rows of a matrix as they lie.
 *
 * A worker copies what some rows of the output see, with the padding around it, and convolves it from its caches. */
#ifndef VECTOR_PIXELS_H
#define VECTOR_PIXELS_H

#include "convolution.h"

#pragma GCC visibility push(hidden)

typedef struct vector_pixels {
  const vector_pixel_loops *loops;    /* NULL: this is not the way */
  size_t blocks;                      /* lines of a pixel, of a group of the convolution */
  size_t steps;                       /* along K: blocks times taps */
  /* Output rows of one plane are computed `rows` at a time, those of row i at i * pitch of the sums. With stride 1 that
   * is the padded image's row, and all of them are one run of pixels, of which some are nobody's. */
  size_t rows, pitch, spans;
  bool is_one_run;
  size_t seen_planes, seen_rows;      /* what they see of the padded image */
  size_t seen;                        /* pixels of a block of it, and of what may be read behind it */
  size_t panels, share;               /* of filters, of a group; and how many a worker takes at a time */
  size_t sums_step, workers;
  ptrdiff_t *offsets;                 /* of each step, in bytes */
} vector_pixels;

/* How to convolve so, if that is a way.
 * - longest: how many times as long as the channels in them lines may be. */
vector_pixels vector_plan_pixels(const vector_convolution *convolution, vector_elements elements, double longest,
                                 int32_t threads);

/* How long it takes, in terms of a convolution of floats: pixels between rows, channels that are not there, and what of
 * tiles is left over are computed too. */
double vector_pixel_relative_time(const vector_convolution *convolution, const vector_pixels *pixels);

/* Fills in `offsets`, which has room for all steps. */
void vector_fill_offsets(const vector_convolution *convolution, const vector_pixels *pixels);

/* Floats of one group's packed filters, which lie as [panel, block, tap, a panel's step]; bytes of workspace, which
 * begins a cache line. */
size_t vector_pixel_filter_floats(const vector_pixels *pixels);
size_t vector_pixel_workspace(const vector_pixels *pixels);

/* `x` is the image, in which bytes are to be flipped and padded by `padding`. Writes sums to y, and calls `finish` with
 * each part of it that is complete. */
typedef struct vector_pixel_image {
  const void *x;
  uint8_t flip, padding;
} vector_pixel_image;

void vector_run_pixels(const oneiro_call *call, const vector_convolution *convolution, const vector_pixels *pixels,
                       const vector_pixel_image *image, void *workspace, float *y,
                       void (*finish)(const void *argument, const vector_product_part *part), const void *argument);

#pragma GCC visibility pop
#endif
