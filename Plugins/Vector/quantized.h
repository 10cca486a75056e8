/* What products and convolutions of quantized operands share.
 *
 * A number is (q - zero_point) * scale. Four bytes that follow each other along K lie in the place of a float, so that
 * panels are packed, and products run, as for floats; the last ones are filled up with zeros. Of two operands one is
 * unsigned and one signed, as the instructions want them: activations are unsigned, signed ones by adding 128 to them
 * and to their zero point, and weights are signed, with the zero point 0; others are made so (zero_points.c). */
#ifndef VECTOR_QUANTIZED_H
#define VECTOR_QUANTIZED_H

#include "convolution.h"
#include "product.h"

#pragma GCC visibility push(hidden)

/* Bytes of an element of a panel. */
enum { VECTOR_BYTES = 4 };

/* Channels whose numbers of 16 bits lie side by side in the place of a float. */
enum { VECTOR_PAIR_CHANNELS = 2 };

/* The longest sums that 32 bits hold: 255 * 128 for each step, and twice that with zero points of weights. */
enum { VECTOR_LONGEST_SUM = INT32_MAX / (255 * 128), VECTOR_LONGEST_CENTERED_SUM = VECTOR_LONGEST_SUM / 2 };

/* Floats, so that what follows them begins a cache line. */
static inline size_t vector_whole_lines(size_t floats) {
  enum { LINE = VECTOR_ALIGNMENT / sizeof(float) };
  return (floats + LINE - 1) / LINE * LINE;
}

static inline size_t vector_byte_groups(size_t depth) { return (depth + VECTOR_BYTES - 1) / VECTOR_BYTES; }

/* Inputs that quantized operators have in common. */
enum { QUANTIZED_X, QUANTIZED_X_SCALE, QUANTIZED_X_ZERO_POINT, QUANTIZED_W, QUANTIZED_W_SCALE, QUANTIZED_BIAS,
       QUANTIZED_ADDED, QUANTIZED_W_ZERO_POINT, QUANTIZED_Y_SCALE, QUANTIZED_Y_ZERO_POINT };

/* The types of all inputs; that scales are one for the tensor, or for each of `outputs` channels; that the weights are
 * constant; that sums of `depth` products fit into 32 bits. */
int32_t vector_require_quantized(const oneiro_node *node, int64_t outputs, size_t depth, oneiro_text *why);

/* QuantizedConv as a convolution of floats is described; of one that is `upsampled`, that over the enlarged image. */
int32_t vector_describe_quantized_convolution(const oneiro_node *node, bool upsampled, vector_convolution *convolution,
                                              oneiro_text *why);

/* Of a convolution: that Z has the output's shape, or one number for each channel of each image. */
int32_t vector_require_added(const oneiro_node *node, oneiro_text *why);

/* Of activations: the scale, the zero point as it is once they are unsigned, and what makes them so by exclusive or. */
typedef struct vector_activations {
  float scale;
  int32_t zero_point;
  uint8_t flip;
} vector_activations;

vector_activations vector_activations_of(const oneiro_call *call);

/* A node's x, [N, C, H, W], as images, of which the first channel is given. */
vector_byte_image vector_byte_image_of(const oneiro_call *call, const vector_activations *activations);

/* Two channels of them, 2 `pair` and the next one. */
vector_byte_image vector_channel_pair(const vector_byte_image *image, size_t pair);

/* Of a result that is quantized: its type, and that input `scale` and the zero point behind it, which may be absent,
 * are one number each. */
int32_t vector_require_quantization(const oneiro_node *node, size_t scale, oneiro_text *why);
vector_quantization vector_quantization_of(const oneiro_call *call, size_t scale);

vector_quantization vector_quantization_for(float scale, float low, float high, float zero_point);

/* A node without the quantization that it ends with: its first inputs alone, and a result of floats. */
typedef struct vector_float_node {
  oneiro_node node;
  oneiro_tensor output;
} vector_float_node;

int32_t vector_float_node_of(const oneiro_node *node, size_t inputs, vector_float_node *plain, oneiro_text *why);

/* For `outputs` channels: offsets[i] = zero_point * sums[i], factors[i] = scale * weight scale[i], as
 * vector_loops.dequantize_sums wants them; offsets may be NULL. */
void vector_scale_sums(const oneiro_call *call, const vector_activations *activations, const int32_t *sums,
                       size_t outputs, int32_t *offsets, float *factors);

/* relative_time of a product of bytes by the definition. */
double vector_time_of_bytes(const oneiro_node *node, int32_t threads);

/* How the result becomes bytes. */
typedef struct vector_output_bytes {
  uint8_t *bytes;                     /* NULL where it stays float32 */
  vector_quantization to;
} vector_output_bytes;

vector_output_bytes vector_output_bytes_of(const oneiro_call *call);

/* Floats of workspace for a result that becomes bytes later, in whole cache lines; 0 where it stays float32. */
size_t vector_output_floats(const oneiro_node *node);

/* `count` elements of the result, from `first` on. */
static inline void vector_write_bytes(const vector_output_bytes *output, size_t first, const float *y, size_t count) {
  vector_picked->quantize_row(output->bytes + first, y, count, &output->to);
}

/* All of the result, `planes` of `plane` elements. */
void vector_write_planes(const oneiro_call *call, const vector_output_bytes *output, const float *y, size_t planes,
                         size_t plane);

/* Constant weights as int8: the node's own, or a copy in `memory`, which is to be freed. */
typedef struct vector_signed_weights {
  const int8_t *elements;
  const int32_t *zero_points;         /* one a channel, in `memory`; NULL where all are 0 */
  void *memory;
} vector_signed_weights;

/* - inner: elements of a channel that lie next to each other. */
int32_t vector_sign_weights(const oneiro_call *call, size_t channels, size_t inner, vector_signed_weights *weights);

/* Bytes of what stands behind packed weights for each of their channels: the sum of the elements, which whoever packs
 * them writes, and the zero point that is left, behind all of which stands whether there is one. */
static inline size_t vector_channel_bytes(size_t channels) { return (2 * channels + 1) * sizeof(int32_t); }

void vector_pack_zero_points(int32_t *sums, size_t channels, const vector_signed_weights *weights);

/* NULL where all are 0. */
static inline int32_t *vector_packed_zero_points(int32_t *sums, size_t channels) {
  return sums[2 * channels] ? sums + channels : NULL;
}

/* What zero points of weights are multiplied with: for each row of a matrix, sum(x - its zero point). */
void vector_sum_rows(const oneiro_call *call, const vector_activations *activations, size_t rows, size_t depth,
                     int32_t *sums);

/* The same for each output pixel, [batch, groups, pixels]. The convolution's window is over the padded image, and
 * `planes` has room for [batch, groups, padded pixels]. */
void vector_sum_windows(const oneiro_call *call, const vector_activations *activations,
                        const vector_convolution *convolution, int32_t *planes, int32_t *sums);

/* QuantizedGemm's kernel, for whoever makes a matrix of something else. Its state is freed with free. */
int32_t vector_quantized_gemm_prepare(oneiro_call *call);
int32_t vector_quantized_gemm_compute(const oneiro_call *call);

#pragma GCC visibility pop
#endif
