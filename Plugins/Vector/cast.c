/* Cast between bool, integers, float16, float32 and float64.
 *
 * Floats become integers by truncation. Where the number does not fit, ONNX leaves the result open; here it goes by way
 * of int64 (its lowest value for NaN and what lies outside) and wraps, the same on every CPU. */
#include "families.h"

/* IEEE 754 half to single: a change of format, done on the bits so that no run-time library is needed for it. */
static float half_to_float(uint16_t half) {
  uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 1023, bits;
  if (exponent == 31) bits = sign | 0x7f800000 | fraction << 13;
  else if (exponent > 0) bits = sign | (exponent + 112) << 23 | fraction << 13;
  else {
    float magnitude = (float)fraction * 0x1p-24f;      /* zero or a denormal: exact */
    memcpy(&bits, &magnitude, 4);
    bits |= sign;
  }
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

/* Rounds to nearest, ties to even. */
static uint16_t float_to_half(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
  bits &= 0x7fffffff;
  if (bits > 0x7f800000) return sign | 0x7e00;
  if (bits >= 0x477ff000) return sign | 0x7c00;        /* 65520 and up round to infinity */
  if (bits < 0x38800000) {                             /* below 2^-14: adding 0.5 leaves the denormal's bits */
    float magnitude;
    memcpy(&magnitude, &bits, 4);
    magnitude += 0.5f;
    memcpy(&bits, &magnitude, 4);
    return sign | (uint16_t)(bits - 0x3f000000);
  }
  bits += 0xfff + (bits >> 13 & 1);
  return sign | (uint16_t)((bits - 0x38000000) >> 13);
}

/* double to half in one rounding: the float in between is rounded to odd, so that it keeps which side it was on. */
static uint16_t double_to_half(double value) {
  float nearest = (float)value;
  if ((double)nearest != value && nearest == nearest && nearest - nearest == 0) {
    uint32_t bits;
    memcpy(&bits, &nearest, 4);
    double error = (double)nearest - value;
    bool away = (error > 0) == (value > 0);
    if (!(bits & 1)) bits = away ? bits - 1 : bits | 1;
    memcpy(&nearest, &bits, 4);
  }
  return float_to_half(nearest);
}

static int64_t truncated(double value) {
  return value > -0x1p63 && value < 0x1p63 ? (int64_t)value : INT64_MIN;
}

typedef struct cast_job {
  char *y;
  const char *x;
  int32_t from, to;
} cast_job;

/* The C types behind the element types, how one is read, and what it is counted as: whole numbers go through int64,
 * the others through double, both without loss. */
#define CASES(CASE)                                                                                          \
  CASE(ONEIRO_BOOL, uint8_t, (x[i] != 0)) CASE(ONEIRO_UINT8, uint8_t, x[i]) CASE(ONEIRO_INT8, int8_t, x[i])  \
  CASE(ONEIRO_INT32, int32_t, x[i]) CASE(ONEIRO_INT64, int64_t, x[i])                                        \
  CASE(ONEIRO_FLOAT32, float, x[i]) CASE(ONEIRO_FLOAT64, double, x[i])                                       \
  CASE(ONEIRO_FLOAT16, uint16_t, half_to_float(x[i]))

#define FILL(type, expression)                                                       \
  {                                                                                  \
    type *y = (type *)(void *)job->y + begin;                                        \
    for (size_t i = 0; i < end - begin; i++) { y[i] = (type)(expression); }          \
    break;                                                                           \
  }

#define FROM(element_type, type, value)                                              \
  static void from_##element_type(const cast_job *job, size_t begin, size_t end) {   \
    const type *x = (const type *)(const void *)job->x + begin;                      \
    bool whole = element_type != ONEIRO_FLOAT32 && element_type != ONEIRO_FLOAT64 && element_type != ONEIRO_FLOAT16; \
    switch (job->to) {                                                               \
      case ONEIRO_BOOL: FILL(uint8_t, (value) != 0)                                  \
      case ONEIRO_FLOAT32: FILL(float, value)                                        \
      case ONEIRO_FLOAT64: FILL(double, value)                                       \
      case ONEIRO_FLOAT16: FILL(uint16_t, double_to_half((double)(value)))           \
      case ONEIRO_UINT8: FILL(uint8_t, whole ? (int64_t)(value) : truncated((double)(value))) \
      case ONEIRO_INT8: FILL(int8_t, whole ? (int64_t)(value) : truncated((double)(value)))   \
      case ONEIRO_INT32: FILL(int32_t, whole ? (int64_t)(value) : truncated((double)(value))) \
      default: FILL(int64_t, whole ? (int64_t)(value) : truncated((double)(value)))           \
    }                                                                                \
  }
CASES(FROM)

static void cast_range(void *argument, size_t begin, size_t end) {
  const cast_job *job = argument;
  switch (job->from) {
#define RUN(element_type, type, value) case element_type: from_##element_type(job, begin, end); break;
    CASES(RUN)
  }
}

static bool can_cast(int32_t element_type) {
  switch (element_type) {
#define YES(element_type, type, value) case element_type: return true;
    CASES(YES)
    default: return false;
  }
}

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  int32_t status = vector_require_plain(node, why);
  if (status) return status;
  if (!oneiro_has_input(node, 0)) return vector_refuse(why, "input 0 is absent");
  int32_t from = node->inputs[0].element_type, to = node->outputs[0].element_type;
  if (!can_cast(from)) return vector_refuse(why, "from element type %s", vector_type_name(from));
  if (!can_cast(to)) return vector_refuse(why, "to element type %s", vector_type_name(to));
  return vector_require_output(node, to, oneiro_element_count(&node->inputs[0]), why);
}

static int32_t compute(const oneiro_call *call) {
  const oneiro_tensor *x = &call->inputs[0], *y = &call->outputs[0];
  cast_job job = {y->data, x->data, x->element_type, y->element_type};
  vector_parallel_ranges(call, (size_t)oneiro_element_count(x), 1, cast_range, &job);
  return ONEIRO_OK;
}

static const vector_kernel kernels[] = {{"Cast", 23, supports, NULL, compute, NULL, NULL}};
VECTOR_FAMILY(vector_cast, kernels);
