/* Convolution as a matrix product: filters [out channels, in channels x taps] times the input seen through a window. */
#ifndef VECTOR_CONVOLUTION_H
#define VECTOR_CONVOLUTION_H

#include "product.h"
#include "spatial.h"

#pragma GCC visibility push(hidden)

typedef struct vector_convolution {
  vector_spatial spatial;
  bool transposed;
  size_t batch, groups;
  size_t in_channels, out_channels;     /* of a group */
  size_t taps;                          /* of a filter, for one channel */
  size_t in_plane, out_plane;           /* elements of one channel */
  bool pointwise;                       /* one tap, nothing skipped or padded: the input is the matrix already */
  vector_window window;
  vector_product_plan plan;
  size_t packed_group;                  /* floats of one group's packed filters */
  const float *packed;                  /* NULL when the filters are no constant */
} vector_convolution;

/* What Conv and ConvTranspose check alike, and what follows from a node's shapes. */
int32_t vector_describe_convolution(const oneiro_node *node, bool transposed, vector_convolution *convolution,
                                    oneiro_text *why);

/* A state in one piece of memory, to be freed with free: the description, the taps, and constant filters packed. */
int32_t vector_prepare_convolution(oneiro_call *call, bool transposed);

/* `filters` are [group, out channel, in channel, tap], needed when they were no constant. */
void vector_run_convolution(const oneiro_call *call, const vector_convolution *convolution, void *workspace,
                            const float *filters);

/* Turns the filters of a transposed convolution, [group, in, out, tap], into [group, out, in, tap]. */
void vector_turn_filters(const vector_convolution *convolution, float *to, const float *from);

static inline size_t vector_filter_floats(const vector_convolution *convolution) {
  return convolution->groups * convolution->out_channels * convolution->in_channels * convolution->taps;
}

#pragma GCC visibility pop
#endif
