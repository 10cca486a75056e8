/* The loops for x86-64-v4: AVX-512. The compiler prefers 256-bit registers at this level unless told that a function
 * wants wider ones. */
#if defined(__x86_64__)
#include "loops_shared.h"

#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"), min_vector_width(512))), apply_to = function)
#define HAS_FMA
#define LANES 16
#define TILE_ROWS 12
#define TIME_OF_BYTES 0.65f
#define MULTIPLY_PAIRS(a, b) ((vi)_mm512_madd_epi16((__m512i)(a), (__m512i)(b)))
#define WINOGRAD_TILE_COST 2500
#define LOOPS vector_loops_v4
#define LOOPS_ISA "x86-64-v4"
#include "loops_all.inc"
#pragma clang attribute pop
#endif
