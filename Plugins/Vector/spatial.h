/* What convolutions and pooling share: a filter moving over one to three spatial axes. */
#ifndef VECTOR_SPATIAL_H
#define VECTOR_SPATIAL_H

#include "plugin.h"
#include "window.h"

#pragma GCC visibility push(hidden)

/* All extents are of the last VECTOR_SPATIAL axes; a tensor with fewer has extent 1 in front. */
typedef struct vector_spatial {
  int32_t axes;                                 /* spatial axes of the tensor, 1 to 3 */
  int64_t input[VECTOR_SPATIAL], output[VECTOR_SPATIAL];
  int64_t kernel[VECTOR_SPATIAL], stride[VECTOR_SPATIAL], dilation[VECTOR_SPATIAL];
  int64_t pad_begin[VECTOR_SPATIAL], pad_end[VECTOR_SPATIAL];
} vector_spatial;

/* Reads strides, dilations, pads and auto_pad of a node whose filter has the `axes` extents `kernel`. For a transposed
 * convolution input and output change roles. Refuses extents that do not belong together. */
int32_t vector_spatial_of(const oneiro_node *node, const int64_t *kernel, bool transposed, vector_spatial *spatial,
                          oneiro_text *why);

static inline int64_t vector_volume(const int64_t *extents) { return extents[0] * extents[1] * extents[2]; }

#pragma GCC visibility pop
#endif
