/* The instruction set levels that the inner loops are built for, and the one picked for this process. */
#ifndef VECTOR_ISA_H
#define VECTOR_ISA_H

#include "loops.h"

#pragma GCC visibility push(hidden)

/* The loops of the picked level. Set once by `vector_pick_isa`, read by every kernel. */
extern const vector_loops *vector_picked;

/* Those of products of floats. */
static inline const vector_product_loops *vector_floats(void) { return &vector_picked->product[VECTOR_FLOATS]; }

/* Picks the best level that this CPU and its operating system have, lowered (never raised) by the environment
 * variable ONEIRO_ISA, and writes one sentence about it. */
void vector_pick_isa(char *sentence, size_t capacity);

#pragma GCC visibility pop
#endif
