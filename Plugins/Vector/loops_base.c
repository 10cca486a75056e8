/* The loops for what every CPU of the architecture has: SSE2 on x86-64, NEON on arm64. */
#include "loops_shared.h"

#define LANES 4
#define TILE_ROWS 4
#if defined(__x86_64__)
#define MULTIPLY_PAIRS(a, b) ((vi)_mm_madd_epi16((__m128i)(a), (__m128i)(b)))
#define TIME_OF_BYTES 0.75f
#elif defined(__aarch64__)
/* vpaddq adds up neighbours, first those of the one operand, then those of the other. */
#define MULTIPLY_PAIRS(a, b)                                                                                           \
  ((vi)vpaddq_s32(vmull_s16(vget_low_s16((int16x8_t)(a)), vget_low_s16((int16x8_t)(b))),                               \
                  vmull_high_s16((int16x8_t)(a), (int16x8_t)(b))))
#define TIME_OF_BYTES 1.5f
#else
#define TIME_OF_BYTES 1.5f
#endif
#define WINOGRAD_TILE_COST 1000
#define LOOPS vector_loops_base
#define LOOPS_ISA "base"
#include "loops_all.inc"
