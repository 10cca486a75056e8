/* The loops for x86-64-v4 with VNNI, which multiplies bytes four at a time. The compiler prefers 256-bit registers at
 * this level unless told that a function wants wider ones. */
#if defined(__x86_64__)
#include "loops_shared.h"

#define TARGET "arch=x86-64-v4,avx512vnni"
#pragma clang attribute push(__attribute__((target(TARGET), min_vector_width(512))), apply_to = function)
#define HAS_FMA
#define LANES 16
#define TILE_ROWS 12
#define TIME_OF_BYTES 0.27f
#define HAS_VNNI
#define WINOGRAD_TILE_COST 2500
#define LOOPS vector_loops_v4_vnni
#define LOOPS_ISA "x86-64-v4+vnni"
#include "loops_all.inc"
#pragma clang attribute pop
#endif
