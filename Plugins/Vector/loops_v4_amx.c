/* The loops for x86-64-v4 with VNNI and AMX, whose tile registers multiply matrices of bytes and of bfloat16. The
 * compiler prefers 256-bit registers at this level unless told that a function wants wider ones. */
#if defined(__x86_64__)
#include "loops_shared.h"

#define TARGET "arch=x86-64-v4,avx512vnni,avx512vbmi,avx512bf16,amx-tile,amx-int8,amx-bf16"
#pragma clang attribute push(__attribute__((target(TARGET), min_vector_width(512))), apply_to = function)
#define HAS_FMA
#define LANES 16
#define TILE_ROWS 12
#define TIME_OF_BYTES 0.06f
#define HAS_VNNI
#define HAS_AMX
#define TIME_OF_SPLIT 0.55f
/* 0.2 where tile registers serve nobody else. */
#define TIME_OF_SPLIT_PIXELS 0.45f
#define WINOGRAD_TILE_COST 2500
#define LOOPS vector_loops_v4_amx
#define LOOPS_ISA "x86-64-v4+amx"
#include "loops_all.inc"
#pragma clang attribute pop
#endif
