/* Depthwise convolution, one or more filters for each channel, with channels in lanes. */
#ifndef VECTOR_DEPTHWISE_H
#define VECTOR_DEPTHWISE_H

#include "convolution.h"

#pragma GCC visibility push(hidden)

/* Whether a node of Conv or FusedConv can be computed so: constant filters of one channel, over one or two axes. */
int32_t vector_depthwise_supports(const oneiro_node *node, oneiro_text *why);

/* How long it takes, in terms of adding whole rows tap by tap. */
double vector_depthwise_relative_time(const oneiro_node *node, int32_t threads);

/* A state in one piece of memory, to be freed with free. */
int32_t vector_depthwise_prepare(oneiro_call *call);
int32_t vector_depthwise_compute(const oneiro_call *call);

#pragma GCC visibility pop
#endif
