/* What products and convolutions of quantized operands share.
 *
 * A number is (q - zero_point) * scale. Four bytes that follow each other along K lie in the place of a float, so that
 * panels are packed, and products run, as for floats; the last ones are filled up with zeros. Of two operands one is
 * unsigned and one signed, as the instructions want them: activations are unsigned, signed ones by adding 128 to them
 * and to their zero point, and weights are signed, with the zero point 0. */
#ifndef VECTOR_QUANTIZED_H
#define VECTOR_QUANTIZED_H

#include "product.h"

#pragma GCC visibility push(hidden)

/* Bytes of an element of a panel. */
enum { VECTOR_BYTES = 4 };

/* The longest sum that 32 bits hold: 255 * 128 for each step. */
enum { VECTOR_LONGEST_SUM = INT32_MAX / (255 * 128) };

static inline size_t vector_byte_groups(size_t depth) { return (depth + VECTOR_BYTES - 1) / VECTOR_BYTES; }

/* Inputs that quantized operators have in common. */
enum { QUANTIZED_X, QUANTIZED_X_SCALE, QUANTIZED_X_ZERO_POINT, QUANTIZED_W, QUANTIZED_W_SCALE, QUANTIZED_BIAS,
       QUANTIZED_ADDED };

/* The types of all inputs; that scales are one for the tensor, or for each of `outputs` channels; that the weights are
 * constant. */
int32_t vector_require_quantized(const oneiro_node *node, int64_t outputs, oneiro_text *why);

/* Of a convolution: that Z has the output's shape, or one number for each channel of each image. */
int32_t vector_require_added(const oneiro_node *node, oneiro_text *why);

/* Of activations: the scale, the zero point as it is once they are unsigned, and what makes them so by exclusive or. */
typedef struct vector_activations {
  float scale;
  int32_t zero_point;
  uint8_t flip;
} vector_activations;

vector_activations vector_activations_of(const oneiro_call *call);

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
 * vector_loops.dequantize_sums wants them. */
void vector_scale_sums(const oneiro_call *call, const vector_activations *activations, const int32_t *sums,
                       size_t outputs, int32_t *offsets, float *factors);

#pragma GCC visibility pop
#endif
