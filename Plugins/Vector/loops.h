/* The inner loops, one table an instruction set level.
 *
 * `loops_base.c`, `loops_v3.c`, `loops_v4.c`, `loops_v4_vnni.c` and `loops_v4_amx.c` compile the same `loops_*.inc`
 * sources, each for its own level. All loops take any count (0 included) and any alignment, but panels begin a cache
 * line. Element-wise ones may write where they read from. */
#ifndef VECTOR_LOOPS_H
#define VECTOR_LOOPS_H

#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

typedef enum vector_unary {
  VECTOR_RELU, VECTOR_LEAKY_RELU, VECTOR_ELU, VECTOR_SELU, VECTOR_CELU, VECTOR_SIGMOID, VECTOR_TANH, VECTOR_EXP,
  VECTOR_LOG, VECTOR_SQRT, VECTOR_RECIPROCAL, VECTOR_NEG, VECTOR_ABS, VECTOR_FLOOR, VECTOR_CEIL, VECTOR_ROUND,
  VECTOR_SIN, VECTOR_COS, VECTOR_ERF, VECTOR_SOFTPLUS, VECTOR_SOFTSIGN, VECTOR_HARD_SIGMOID, VECTOR_HARD_SWISH,
  VECTOR_GELU, VECTOR_GELU_TANH, VECTOR_MISH, VECTOR_SIGN, VECTOR_CLIP, VECTOR_THRESHOLDED_RELU, VECTOR_SILU,
  VECTOR_UNARY_COUNT
} vector_unary;

typedef enum vector_binary {
  VECTOR_ADD, VECTOR_SUB, VECTOR_MUL, VECTOR_DIV, VECTOR_POW, VECTOR_MAX, VECTOR_MIN, VECTOR_PRELU,
  VECTOR_AND, VECTOR_OR, VECTOR_XOR,
  VECTOR_EQUAL, VECTOR_LESS, VECTOR_GREATER, VECTOR_LESS_OR_EQUAL, VECTOR_GREATER_OR_EQUAL,
  VECTOR_BINARY_COUNT
} vector_binary;

/* The element types that binary loops exist for. */
typedef enum vector_number { VECTOR_F32, VECTOR_I32, VECTOR_I64, VECTOR_BOOL, VECTOR_NUMBER_COUNT } vector_number;

/* What weights of few bits are widened from. */
typedef enum vector_format { VECTOR_U8, VECTOR_I8, VECTOR_U4, VECTOR_I4, VECTOR_FORMAT_COUNT } vector_format;

/* How a reduction folds one more element x into what it has. Sums are kept in double. */
typedef enum vector_fold {
  VECTOR_FOLD_SUM, VECTOR_FOLD_ABS, VECTOR_FOLD_SQUARE, VECTOR_FOLD_PRODUCT, VECTOR_FOLD_MAX, VECTOR_FOLD_MIN,
  VECTOR_FOLD_EXP,               /* sum of exp(x - shift) */
  VECTOR_FOLD_COUNT
} vector_fold;

/* y[i] = f(x[i]); the meaning of `parameters` is each function's own. */
typedef void (*vector_unary_loop)(float *y, const float *x, size_t count, const float *parameters);

/* y[i] = f(a[i * a_step], b[i * b_step]), steps 0 or 1. */
typedef void (*vector_binary_loop)(void *y, const void *a, const void *b, size_t count, size_t a_step, size_t b_step);

/* What makes bytes of floats: saturate(round(x / scale) + zero_point) to low ... high, all three within a byte,
 * signed or not. */
typedef struct vector_quantization {
  float scale, low, high, zero_point;
  float inverse;                   /* 1 / scale, or 0 where that would be no normal float */
} vector_quantization;

/* A convolution's input seen as a matrix; see `window.h`. */
struct vector_window;

/* Tiles of a convolution that lie side by side in one image. */
typedef struct vector_tile_run {
  size_t lane, count;              /* the first one's place in the panel, or the chunk; how many */
  size_t image;                    /* of the batch */
  int64_t out_y, out_x;            /* the first one's corner in the output */
} vector_tile_run;

/* A channel of the images that tiles are cut from. */
typedef struct vector_tile_image {
  const float *x;                  /* in the first image */
  size_t image_step;
  int64_t height, width;
  int64_t pad[2];                  /* above and in front */
} vector_tile_image;

/* Two channels of images of bytes. */
typedef struct vector_byte_image {
  const uint8_t *x[2];             /* in the first image; NULL for a channel that is not there */
  size_t image_step;
  int64_t height, width;
  int64_t pad[2];                  /* above and in front */
  int32_t zero_point;              /* of the bytes ^ flip */
  uint8_t flip;
} vector_byte_image;

/* Where one output channel of Winograd's convolution goes, and what is done to it on the way. */
typedef struct vector_winograd_channel {
  float *y;                        /* in the first image */
  size_t image_step;
  int64_t height, width;
  float bias;
  const float *image_bias;         /* another number for each image, `channels` apart; NULL: none */
  size_t channels;
  const float *added;              /* what is added pixel by pixel, lying as y does; NULL: nothing */
  vector_unary_loop activation;    /* NULL: none */
} vector_winograd_channel;

/* Sums that elements go to in turn. */
enum { VECTOR_MOMENT_LANES = 16 };

/* The lanes of the widest level. */
enum { VECTOR_MOST_LANES = 16 };

/* What one output row sees of the input: the row under its first tap, in the padding if negative, and which rows of
 * taps meet the input. */
typedef struct vector_reach {
  int64_t first, begin, end;
} vector_reach;

/* A depthwise convolution over two axes, rows and columns, whose input has padded rows. */
typedef struct vector_depthwise {
  int64_t outputs, width;          /* pixels of an output row, and of a padded row of the input */
  int64_t kernel[2], stride, dilation[2];
  const vector_reach *reach;       /* of every output row */
} vector_depthwise;

/* What sums of a product of bytes mean, for tiles that write numbers in their place: y = (sum - offset) * factor + bias +
 * added. */
typedef struct vector_sums_ending {
  const float *c;                  /* the first element of C */
  const int32_t *offsets;          /* one for each row of C, or for each column, as are the next two */
  const float *factors, *bias;     /* bias may be NULL */
  const float *added;              /* lies as C does, and may be C; may be NULL */
} vector_sums_ending;

/* A panel of B that is read where it is: columns for step k are at first + lines[k], those from `lanes` on `gap`
 * behind. */
typedef struct vector_seen {
  const float *first, *next;       /* and where the panel begins that will be read after this one */
  const ptrdiff_t *lines;
  size_t gap;
  const vector_sums_ending *ending;  /* of rows, where the sums are complete; NULL: they stay sums */
} vector_seen;

/* What the elements of a product's operands are. Bytes come in fours along K, in the place of a float, and what lies in
 * C is then a sum of 32 bits. */
typedef enum vector_elements {
  VECTOR_FLOATS,
  VECTOR_BYTES_A_SIGNED,           /* and B unsigned */
  VECTOR_BYTES_B_SIGNED,           /* and A unsigned */
  VECTOR_SPLIT_FLOATS,             /* as sums of two numbers of few bits; not on every level */
  VECTOR_PAIRS,                    /* two numbers of 16 bits in the place of a float, and C as for bytes */
  VECTOR_ELEMENTS_COUNT
} vector_elements;

/* Rows or columns of a panel, on any level. */
enum { VECTOR_MOST_LINES = 32 };

/* The longest part of K that a panel holds in a row; panels of floats beside rows that are read where they are may hold
 * more. */
enum { VECTOR_MOST_DEPTH = 384 };

/* Channels of bytes of a pixel that lie side by side for tile registers, and the most taps of a filter there. */
enum { VECTOR_PIXEL_BYTES = 64, VECTOR_PIXEL_TAPS = 16 };

/* Where 64 channels' bytes of a tap lie among those of all taps, [channel, tap]: channel i's is places[tap][i] of the
 * vector v where present[tap][v] has bit i. */
typedef struct vector_turning {
  size_t taps;
  uint8_t places[VECTOR_PIXEL_TAPS][VECTOR_PIXEL_BYTES];
  uint64_t present[VECTOR_PIXEL_TAPS][VECTOR_PIXEL_TAPS];
} vector_turning;

/* The parts of a matrix product of some elements. Panels of A have `rows` rows, those of B tile_columns columns. */
typedef struct vector_product_loops {
  size_t rows;
  size_t depth_step;               /* a panel's depth is filled up with zeros to a multiple of this */
  /* Packs rows x depth elements of A, element (i, k) at a[i * row_step + k * depth_step], times `factor`, into panels;
   * rows past the end become zeros. */
  void (*pack_rows)(float *panels, const float *a, size_t rows, size_t depth, ptrdiff_t row_step, ptrdiff_t depth_step,
                    float factor);
  /* The same for B: element (k, j) at b[k * depth_step + j * column_step]. */
  void (*pack_columns)(float *panels, const float *b, size_t columns, size_t depth, ptrdiff_t depth_step,
                       ptrdiff_t column_step);
  /* The same for a convolution's input: `columns` output positions from `first` on, rows depth_begin ..< + depth. NULL
   * where none goes this way. */
  void (*pack_window)(float *panels, const struct vector_window *window, const float *x, size_t first, size_t columns,
                      size_t depth_begin, size_t depth);
  /* C = A B (+ C when accumulate) for packed panels of any number of rows and columns; depth is a multiple of
   * depth_step. `then` is the panel of B that will be read next, to be fetched meanwhile; it may be any address. */
  void (*multiply)(float *c, size_t c_step, const float *a_panels, const float *b_panels, size_t rows, size_t columns,
                   size_t depth, int accumulate, const float *then);
  /* The same for rows of A that nobody packed, whose elements along K lie next to each other; NULL where that is not
   * the faster way. Without `accumulate` every row of floats has `start` added, if that is not NULL. */
  void (*multiply_rows)(float *c, size_t c_step, const float *a, size_t a_step, const float *b_panels, size_t rows,
                        size_t columns, size_t depth, const float *start, int accumulate, const float *then);
  /* The same of bytes whose sums are complete then, and become numbers; NULL where `multiply_rows` is, or is no
   * slower. */
  void (*multiply_rows_to_end)(float *c, size_t c_step, const float *a, size_t a_step, const float *b_panels,
                               size_t rows, size_t columns, size_t depth, int accumulate, const float *then,
                               const vector_sums_ending *ending);
  /* The same of packed panels, whose sums become numbers by what each row's mean; whole panels of B, and rows up to a
   * whole third of a panel. Of pairs alone, where there are no tile registers for bytes; NULL elsewhere. */
  void (*multiply_to_end)(float *c, size_t c_step, const float *a_panels, const float *b_panels, size_t rows,
                          size_t columns, size_t depth, const float *then, const vector_sums_ending *ending);
  /* The same for one panel of B that nobody packed; NULL where that is not the faster way. */
  void (*multiply_seen)(float *c, size_t c_step, const float *a_panels, const vector_seen *b, size_t rows, size_t depth,
                        int accumulate);
} vector_product_loops;

/* A convolution whose channels lie side by side in each pixel, as a line. */
typedef struct vector_pixel_loops {
  size_t channels, bytes;          /* of a line */
  size_t element;                  /* bytes of the image's elements as they come */
  size_t rows;                     /* pixels whose sums are computed at once */
  size_t step_floats;              /* of a panel of filters, which is one of columns, for a line of a tap */
  /* Lines for pixels of planes that lie `plane` elements apart: element i of line p is x[i * plane + p], with bytes ^
   * flip. Those of channels that are not there are finite. */
  void (*from_planes)(uint8_t *lines, const void *x, size_t plane, size_t pixels, size_t channels, uint8_t flip);
  /* The sums of `columns` filters of a panel for `count` pixels: c[filter * c_step + p], written up to whole vectors of
   * both. A pixel's line of step k along K is at pixels[p * pixel_step + offsets[k]]; lines of pixels up to whole `rows`
   * are read. */
  void (*convolve)(float *c, size_t c_step, const uint8_t *pixels, size_t pixel_step, size_t count,
                   const ptrdiff_t *offsets, size_t steps, const float *filters, size_t columns);
  float time;                      /* in terms of a product of floats, if all of a tile is asked for */
} vector_pixel_loops;

/* What an attention of few bits does with weights and values. */
typedef struct vector_narrow {
  size_t keys;                     /* whose weights, or values, lie in the place of a float */
  float value_limit;               /* the largest value as a whole number */
  vector_elements elements;        /* of values times weights; B is never packed */
  /* One block. `scores` holds whole numbers, `units` what a unit of each query's means to base 2; what comes out are
   * weights as whole numbers. `decay` is what the mix of earlier blocks is to be multiplied by, `gain` what that of
   * this one is; the first time they are not written. */
  void (*attend)(float *scores, size_t keys, const float *units, float *largest, float *sums, float *decay, float *gain,
                 int is_first);
  /* What lies side by side in y[i] are the round(x[i] * factors[i]) of the first `keys` rows, `row` apart, then
   * zeros. */
  void (*quantize_values)(float *y, const float *x, size_t row, size_t keys, const float *factors, size_t count);
} vector_narrow;

typedef struct vector_loops {
  const char *isa;
  size_t lanes;                    /* of a vector of floats */

  vector_unary_loop unary[VECTOR_UNARY_COUNT];
  vector_binary_loop binary[VECTOR_BINARY_COUNT][VECTOR_NUMBER_COUNT];   /* NULL where there is none */

  /* Folds a contiguous row into one number, starting anew. VECTOR_FOLD_EXP and VECTOR_FOLD_SQUARE fold x - shift;
   * the others do not look at it. */
  double (*fold_row[VECTOR_FOLD_COUNT])(const float *x, size_t count, float shift);
  /* The sum of x - shift and that of its squares. */
  void (*deviations)(const float *x, size_t count, float shift, double *sum, double *squares);
  /* Adds the same of element i to sums[i % VECTOR_MOMENT_LANES] and to the squares: all but the differences in double,
   * and in an order that hangs on nothing. */
  void (*add_deviations)(const float *x, size_t count, float shift, double *sums, double *squares);
  /* Folds a row into as many running results: into[i] = fold(into[i], x[i]). VECTOR_FOLD_EXP folds x[i] - shift[i];
   * for the others shift may be NULL. */
  void (*fold_columns[VECTOR_FOLD_COUNT])(double *into, const float *x, size_t count, const float *shift);

  /* y[i] = (x[i] - shift) * factor + offset */
  void (*affine)(float *y, const float *x, size_t count, float shift, float factor, float offset);
  /* y[i] = (x[i] - shift - rest) * factor * scale[i] + bias[i]; bias may be NULL */
  void (*affine_each)(float *y, const float *x, size_t count, float shift, float rest, float factor,
                      const float *scale, const float *bias);
  void (*softmax)(float *y, const float *x, size_t count);
  void (*log_softmax)(float *y, const float *x, size_t count);

  size_t tile_columns;             /* of a panel of B, whatever its elements are */
  vector_product_loops product[VECTOR_ELEMENTS_COUNT];
  /* into[4 i + j] = x[j * step + i] ^ flip, for i below `count` and j below 4. */
  void (*interleave)(uint8_t *into, const uint8_t *x, size_t step, size_t count, uint8_t flip);
  /* sums[i] += the four of quads[4 i ...] */
  void (*sum_quads)(int32_t *sums, const int8_t *quads, size_t count);
  /* By vector_elements; none where there are no tile registers. */
  vector_pixel_loops pixels[VECTOR_ELEMENTS_COUNT];
  /* [tap, 64] from 64 channels of a filter [channel, tap], and the sum of all. NULL as those. */
  int32_t (*turn_filter)(int8_t *into, const int8_t *filter, const vector_turning *turning);
  /* How long products of bytes, of numbers of 16 bits and of split floats take, in terms of one of floats; 0 where there
   * are none. */
  float time_of_bytes, time_of_pairs, time_of_split;
  /* What the sums mean: y[i] = (sum[i] - offsets[i * step]) * factors[i * step] + bias[i * step] + added[i], where y
   * holds the sums; step is 0 or 1, bias and added may be NULL. */
  void (*dequantize_sums)(float *y, const int32_t *offsets, const float *factors, const float *bias, const float *added,
                          size_t count, size_t step);
  /* sums[i] -= values[i] * factor, where all are whole numbers of 32 bits. */
  void (*subtract_products)(float *sums, const int32_t *values, int32_t factor, size_t count);
  void (*quantize_row)(uint8_t *y, const float *x, size_t count, const vector_quantization *to);
  /* y[row * y_step + i] = quantized(value[i] * Gelu(gate[i])) for rows of two panels of sums that lie side by side, of
   * `value` and of `gate`, from one row to the next `sums_step` apart, and mean what they do for dequantize_sums;
   * offsets, factors and bias are as long as the panels. */
  void (*quantize_geglu)(uint8_t *y, size_t y_step, const float *sums, size_t sums_step, size_t rows,
                         const int32_t *offsets, const float *factors, const float *bias, size_t count, int by_tanh,
                         const vector_quantization *to);
  /* One block of keys of an attention for tile_columns queries; `scores` and `mix` have tile_columns floats a row, a
   * row for each key and for each value. Scores, to base 2, become weights relative to `largest`, the largest score of
   * each query so far; its `sums` and its `mix` of earlier blocks follow. */
  void (*attend)(float *scores, size_t keys, float *largest, float *sums, float *mix, size_t values, int is_first);
  /* What comes out in the end: y[query * step + value] = mix[value][query] / sums[query]. The mix is overwritten. */
  void (*attended)(float *y, size_t step, size_t queries, float *mix, const float *sums, size_t values);
  /* All keys of an attention at once, a row for each query: scores, which `scale` > 0 brings to base 2, become
   * weights whose sum is 1. Rows are written up to whole vectors. */
  void (*attend_rows)(float *scores, size_t step, size_t rows, size_t keys, float scale);
  /* The same of few bits: with weights of 16 bits, and with bytes where those are faster; its keys are 0 elsewhere. */
  vector_narrow narrow_pairs, narrow_bytes;
  /* mix[value][query] = mix[value][query] * decay[query] + products[value][query] * units[value] * gain[query],
   * where the products are whole numbers; the first time products and units alone. */
  void (*add_mix)(float *mix, const float *products, size_t values, const float *units, const float *decay,
                  const float *gain, int is_first);
  /* Bounds of `count` columns over one row or more that lie `row` apart. A NaN is both. */
  void (*column_bounds)(float *low, float *high, const float *x, size_t row, size_t rows, size_t count);
  /* Quantization of keys: y[i] = round((x[i] - middle[i]) * factor) + 128, unsigned. */
  void (*quantize_centered)(uint8_t *y, const float *x, const float *middle, size_t count, float factor);
  /* Of up to tile_columns queries, rows of `count`: y[i] = round(x[i] * factor) from -127 to 127, then zeros up to
   * `y_step`, and the unit that is one of these, of each query; 0 for a row of zeros. */
  void (*quantize_queries)(int8_t *y, size_t y_step, float *units, const float *x, size_t row, size_t queries,
                           size_t count);
  /* How long it takes to transform a tile of a channel, in operations at the speed of a product. */
  double winograd_tile_cost;
  /* The three transforms of Winograd's 3 x 3 convolution, between which lie 36 products. Floats from one product's
   * operand to the next one's are `step`.
   * Input: a row of a panel of B, tile_columns tiles of one channel. */
  void (*winograd_input)(float *into, size_t step, const vector_tile_image *image, const vector_tile_run *runs,
                         size_t count);
  /* Filters: a panel of A from `rows` filters, no more than a panel of floats has, [depth, 3, 3]. */
  void (*winograd_filters)(float *into, size_t step, const float *filters, size_t rows, size_t depth);
  /* Output: one channel from the products' rows, which may be read up to a vector behind the last tile. */
  void (*winograd_output)(const vector_winograd_channel *channel, const float *products, size_t step,
                          const vector_tile_run *runs, size_t count);
  /* The same of two channels' bytes, in whole numbers of 16 bits: exact, but for common factors of a product's filters,
   * which are 1/4, -1/6, -1/6, 1/24, 1/24 and 1 along either axis. Filters come as pairs of taps. NULL where
   * there are tile registers for bytes. */
  void (*winograd_byte_input)(float *into, size_t step, const vector_byte_image *image, const vector_tile_run *runs,
                              size_t count);
  void (*winograd_pair_filters)(float *into, size_t step, const float *filters, size_t rows, size_t depth);
  /* For that, the 9 taps of channels 2 k and 2 k + 1 of a filter of bytes, less `zero_point`, side by side. From its
   * first byte on `room` may be read; 7 elements more may be written. */
  void (*pair_taps)(float *into, const uint8_t *filter, size_t channels, uint8_t flip, int32_t zero_point, size_t room);
  /* The same for 3 x 3 filters over an image that is twice as large, of which a tile is the four pixels that one
   * becomes; nine products. Of bytes, an element of a product is two channels' numbers of 16 bits. */
  void (*upsampled_input)(float *into, size_t step, const vector_tile_image *image, const vector_tile_run *runs,
                          size_t count);
  void (*upsampled_byte_input)(float *into, size_t step, const vector_byte_image *image, const vector_tile_run *runs,
                               size_t count);
  void (*upsampled_filters)(float *into, size_t step, const float *filters, size_t rows, size_t depth);
  /* Two rows of 2 `count` pixels, the second `line_step` behind the first, from rows of products, or of sums of 32
   * bits; up to whole vectors of tiles are read and written. */
  void (*upsampled_output)(float *lines, size_t line_step, const float *products, size_t step, size_t count);
  void (*upsampled_sums)(float *lines, size_t line_step, const float *sums, size_t step, size_t count);
  /* LSTM and GRU, one step. C = H R for few rows, R packed by `pack_columns` over its whole depth; C is written up to
   * whole panels. */
  void (*multiply_state)(float *c, size_t c_step, const float *h, size_t h_step, const float *weights, size_t rows,
                         size_t columns, size_t depth);
  /* The gates i, o, f, c: `gates` holds R h and is overwritten, `projected` W x and all biases; the cell and h move on.
   * */
  void (*lstm_step)(float *gates, const float *projected, size_t hidden, float *cell, float *h);
  /* The gates z and r, in place. */
  void (*gru_gates)(float *gates, const float *projected, size_t hidden);
  /* h moves on. `candidate` holds Rh h, to which `bias` is added before the reset gate acts; or, without `bias`, it
   * holds Rh (r * h). It is overwritten. `projected` is that of the candidate alone. */
  void (*gru_step)(const float *gates, float *candidate, const float *projected, const float *bias, size_t hidden,
                   float *h);
  /* y[i] = (q[first + i] - zeros[i * step]) * scales[i * step]; step is 0 or 1, zeros may be NULL. */
  void (*widen[VECTOR_FORMAT_COUNT])(float *y, const void *q, size_t first, size_t count, const float *scales,
                                     const float *zeros, size_t step);
  /* Channels in lanes: `lanes` floats a pixel, zeros where there are fewer channels.
   * From planes, lane i from plane (first + i) / repeats of x, into rows of `width` pixels that lie `width_step` pixels
   * apart; what comes before `end` may be read past the pixels. */
  void (*lanes_from_planes)(float *into, size_t width, size_t width_step, const float *x, size_t plane, size_t pixels,
                            size_t channels, size_t first, size_t repeats, const float *end);
  /* To `channels` planes, from pixels `from_step` floats apart; what comes before `end` may be written past the pixels
   * of a plane, into what this call will write itself. */
  void (*planes_from_lanes)(float *y, size_t plane, const float *from, size_t from_step, size_t pixels, size_t channels,
                            const float *end);
  /* `count` output rows from `first` on, of `lanes` channels; `x` holds the padded input rows that they need from
   * `x_first` on, filters are [tap, lane]. */
  void (*depthwise)(float *y, const float *x, const vector_depthwise *shape, const float *filters, const float *bias,
                    int64_t first, int64_t count, int64_t x_first);
  /* y[i] += factor * x[i * x_step] */
  void (*add_scaled)(float *y, const float *x, size_t count, size_t x_step, float factor);
} vector_loops;

extern const vector_loops vector_loops_base;
#if defined(__x86_64__)
extern const vector_loops vector_loops_v3;
extern const vector_loops vector_loops_v4;
extern const vector_loops vector_loops_v4_vnni;
extern const vector_loops vector_loops_v4_amx;
#endif

#pragma GCC visibility pop
#endif
