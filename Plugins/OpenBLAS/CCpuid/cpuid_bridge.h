/* The two instructions that Swift has no word for: what the processor is (CPUID) and which registers the operating
 * system saves (XGETBV). On any other architecture this header is empty. */
#ifndef ONEIRO_CPUID_BRIDGE_H
#define ONEIRO_CPUID_BRIDGE_H

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#include <stdint.h>

typedef struct cpuid_registers {
  uint32_t eax, ebx, ecx, edx;
} cpuid_registers;

/* All zero for a leaf that this processor does not have. */
static inline cpuid_registers cpuid_leaf(uint32_t leaf, uint32_t subleaf) {
  cpuid_registers found = {0, 0, 0, 0};
  __get_cpuid_count(leaf, subleaf, &found.eax, &found.ebx, &found.ecx, &found.edx);
  return found;
}

/* XCR0: one bit for each set of registers that is saved on a context switch. Only after CPUID has reported OSXSAVE;
 * without it the instruction faults. */
static inline uint64_t read_xcr0(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return ((uint64_t)high << 32) | low;
}
#endif
#endif
