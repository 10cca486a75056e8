/* A convolution of bytes whose image is copied with 64 channels of a pixel side by side, for levels that have
 * `convolve_pixels`: then the pixels that a tap sees are rows of a matrix as they lie. */
#ifndef VECTOR_QUANTIZED_PIXELS_H
#define VECTOR_QUANTIZED_PIXELS_H

#include "quantized.h"

#pragma GCC visibility push(hidden)

typedef struct vector_pixels {
  size_t blocks;                      /* of 64 channels, of a group of the convolution; 0: not to be used */
  size_t steps;                       /* along K: blocks times taps */
  size_t plane;                       /* pixels of a padded block, and of what may be read behind it */
  size_t pixel_step;                  /* bytes from an output pixel's input to that of its neighbour */
  /* Output rows of one plane are computed `rows` at a time, those of row i at i * pitch of the sums. With stride 1 that
   * is the padded image's row, and all of them are one run of pixels, of which some are nobody's. */
  size_t rows, pitch, spans;
  bool is_one_run;
  size_t panels;                      /* of filters, of a group */
  size_t sums_step, workers;
  ptrdiff_t *offsets;                 /* of each step, in bytes */
} vector_pixels;

/* How to convolve so, if that is a way: the convolution's window is over the padded image. */
vector_pixels vector_plan_pixels(const vector_convolution *convolution, int32_t threads);

/* Fills in `offsets`, which has room for all steps. */
void vector_fill_offsets(const vector_convolution *convolution, const vector_pixels *pixels);

/* Floats of one group's packed filters; bytes of workspace for the image; floats for what workers sum up. */
size_t vector_pixel_filter_floats(const vector_pixels *pixels);
size_t vector_pixel_image_bytes(const vector_convolution *convolution, const vector_pixels *pixels);
size_t vector_pixel_sums_floats(const vector_pixels *pixels);

/* Packs filters [group, out channel, in channel, tap], and adds each of them up. */
void vector_pack_pixel_filters(oneiro_call *call, const vector_convolution *convolution, const vector_pixels *pixels,
                               const int8_t *filters, float *packed, int32_t *sums);

void vector_copy_pixels(const oneiro_call *call, const vector_convolution *convolution, const vector_pixels *pixels,
                        const uint8_t *x, const vector_activations *activations, uint8_t *image);

/* Writes sums to y, and calls `finish` with each part of it that is complete. */
void vector_run_pixels(const oneiro_call *call, const vector_convolution *convolution, const vector_pixels *pixels,
                       const uint8_t *image, float *sums, float *y,
                       void (*finish)(const void *argument, const vector_product_part *part), const void *argument);

#pragma GCC visibility pop
#endif
