/* The function that a fused operator ends with: its attribute `activation`, an operator's name or "". */
#ifndef VECTOR_ACTIVATION_H
#define VECTOR_ACTIVATION_H

#include "plugin.h"

#pragma GCC visibility push(hidden)

/* The loop, which takes no parameters; NULL for none. Refuses a name that it does not know. */
int32_t vector_activation_of(const oneiro_node *node, vector_unary_loop *loop, oneiro_text *why);

#pragma GCC visibility pop
#endif
