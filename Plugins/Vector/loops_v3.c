/* The loops for x86-64-v3: AVX2 and FMA. */
#if defined(__x86_64__)
#include "loops_shared.h"

#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#define HAS_FMA
#define LANES 8
#define TILE_ROWS 6
#define TIME_OF_BYTES 0.62f
#define MULTIPLY_PAIRS(a, b) ((vi)_mm256_madd_epi16((__m256i)(a), (__m256i)(b)))
#define WINOGRAD_TILE_COST 700
#define LOOPS vector_loops_v3
#define LOOPS_ISA "x86-64-v3"
#include "loops_all.inc"
#pragma clang attribute pop
#endif
