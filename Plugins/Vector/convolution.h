/* Convolution as a matrix product: filters [out channels, in channels x taps] times the input seen through a window. */
#ifndef VECTOR_CONVOLUTION_H
#define VECTOR_CONVOLUTION_H

#include "product.h"
#include "spatial.h"

#pragma GCC visibility push(hidden)

/* What FusedConv does to a convolution's result, in this order. */
typedef struct vector_ending {
  /* Z: there is none, it has Y's shape, or a number for each plane of Y. */
  enum { VECTOR_ADDS_NOTHING, VECTOR_ADDS_PIXELS, VECTOR_ADDS_CHANNELS } added;
  vector_unary_loop activation;         /* NULL: none */
} vector_ending;

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
  vector_ending ending;
} vector_convolution;

/* What Conv and ConvTranspose check alike, and what follows from a node's shapes. */
int32_t vector_describe_convolution(const oneiro_node *node, bool transposed, vector_convolution *convolution,
                                    oneiro_text *why);

/* Reads the ending of a FusedConv; that of any other node is empty. */
int32_t vector_describe_ending(const oneiro_node *node, vector_ending *ending, oneiro_text *why);

/* Z of a call, NULL where there is none. */
static inline const float *vector_added_of(const oneiro_call *call) {
  return oneiro_has_input(call->node, 3) ? call->inputs[3].data : NULL;
}

/* What all elements of a plane of Y start from. */
static inline float vector_plane_start(const vector_convolution *convolution, size_t plane, const float *bias,
                                       const float *added) {
  float start = bias ? bias[plane % (convolution->groups * convolution->out_channels)] : 0;
  return added && convolution->ending.added == VECTOR_ADDS_CHANNELS ? start + added[plane] : start;
}

/* Writes what some elements of one plane start from, before the products are added: those from `first` on, counted
 * through all planes of Y. */
void vector_start_plane(const vector_convolution *convolution, float *y, size_t first, size_t count, const float *bias,
                        const float *added);

/* A state to be freed with free: the description, the taps, and constant filters packed. */
int32_t vector_prepare_convolution(oneiro_call *call, bool transposed);

/* `filters` are [group, out channel, in channel, tap], needed when they were no constant; or they are `weights`, in
 * that order, where these are not NULL. */
void vector_run_convolution(const oneiro_call *call, const vector_convolution *convolution, void *workspace,
                            const float *filters, const vector_weights *weights);

/* Turns the filters of a transposed convolution, [group, in, out, tap], into [group, out, in, tap]. */
void vector_turn_filters(const vector_convolution *convolution, float *to, const float *from);

/* Where a tap lies in each axis, from the filter's first one. */
static inline void vector_place_tap(const vector_spatial *spatial, size_t tap, int32_t *at) {
  int64_t rest = (int64_t)tap;
  for (int32_t axis = VECTOR_SPATIAL - 1; axis >= 0; axis--) {
    at[axis] = (int32_t)(rest % spatial->kernel[axis] * spatial->dilation[axis]);
    rest /= spatial->kernel[axis];
  }
}

static inline size_t vector_filter_floats(const vector_convolution *convolution) {
  return convolution->groups * convolution->out_channels * convolution->in_channels * convolution->taps;
}

#pragma GCC visibility pop
#endif
