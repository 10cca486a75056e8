#define _GNU_SOURCE   /* syscall */
#include "isa.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__linux__) && defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

const vector_loops *vector_picked = &vector_loops_base;

/* From the most modest up. `base` is what the compiler targets by default: SSE2 on x86-64, NEON on arm64. */
typedef struct isa_level {
  const vector_loops *loops;
  bool present;
} isa_level;

#if defined(__x86_64__)
/* Whether there are tile registers that multiply bytes and bfloat16. Linux saves them only for a process that asked. */
static bool asks_for_amx(void) {
#if defined(__linux__)
  enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18, LEAF = 7 };
  const uint32_t amx_bf16 = 1 << 22, amx_tile = 1 << 24, amx_int8 = 1 << 25, all = amx_bf16 | amx_tile | amx_int8;
  uint32_t a, b, c, d;
  if (!__get_cpuid_count(LEAF, 0, &a, &b, &c, &d) || (d & all) != all) return false;
  return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
#else
  return false;
#endif
}
#endif

void vector_pick_isa(char *sentence, size_t capacity) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  /* These look at XCR0 too, so a level whose registers the operating system does not save counts as absent. */
  bool has_v4 = __builtin_cpu_supports("x86-64-v4") != 0;
  bool has_vnni = has_v4 && __builtin_cpu_supports("avx512vnni") != 0;
  const isa_level levels[] = {{&vector_loops_base, true},
                              {&vector_loops_v3, __builtin_cpu_supports("x86-64-v3") != 0},
                              {&vector_loops_v4, has_v4},
                              {&vector_loops_v4_vnni, has_vnni},
                              {&vector_loops_v4_amx, has_vnni && __builtin_cpu_supports("avx512vbmi") != 0 &&
                                                         __builtin_cpu_supports("avx512bf16") != 0 && asks_for_amx()}};
#else
  const isa_level levels[] = {{&vector_loops_base, true}};
#endif
  const size_t count = sizeof levels / sizeof levels[0];
  size_t best = 0;
  for (size_t index = 0; index < count; index++)
    if (levels[index].present) best = index;

  const char *wish = getenv("ONEIRO_ISA");
  if (!wish || !*wish) {
    vector_picked = levels[best].loops;
    snprintf(sentence, capacity, "%s: the best this CPU has", vector_picked->isa);
    return;
  }
  for (size_t index = 0; index < count; index++) {
    if (strcmp(wish, levels[index].loops->isa) != 0) continue;
    vector_picked = levels[index < best ? index : best].loops;
    if (index > best)
      snprintf(sentence, capacity, "%s: ONEIRO_ISA=%s asks for more than this CPU has", vector_picked->isa, wish);
    else
      snprintf(sentence, capacity, "%s: ONEIRO_ISA asks for it; the best this CPU has is %s", vector_picked->isa,
               levels[best].loops->isa);
    return;
  }
  vector_picked = levels[best].loops;
  snprintf(sentence, capacity, "%s: the best this CPU has; ONEIRO_ISA=%s names no level of this build",
           vector_picked->isa, wish);
}
