/* What the kernels of ScaledDotProductAttention share. */
#ifndef VECTOR_ATTENTION_H
#define VECTOR_ATTENTION_H

#include "plugin.h"

#pragma GCC visibility push(hidden)

typedef struct attention_shape {
  size_t items, heads;                  /* the batch; heads of each */
  size_t queries, keys;
  size_t size, value_size;              /* of a head */
  size_t rows[3], offsets[3];           /* of the inputs: how long a row is, and where Q, K or V begins in it */
  float scale;                          /* times log2(e) */
} attention_shape;

/* The shapes of a node, or why they are not taken. */
int32_t vector_describe_attention(const oneiro_node *node, attention_shape *shape, oneiro_text *why);

/* Threads that are worth their handing over. */
size_t vector_attention_workers(const attention_shape *shape, int32_t threads);

/* The first number of Q, K or V. */
const float *vector_attention_operand(const oneiro_call *call, const attention_shape *shape, size_t index);

#pragma GCC visibility pop
#endif
