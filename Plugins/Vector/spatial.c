#include "spatial.h"

/* Far above any real filter, and small enough that sums and products of two fit 64 bits with room to spare. */
static const int64_t LARGEST = (int64_t)1 << 30;

static bool usable(int64_t value, int64_t least) { return value >= least && value <= LARGEST; }

/* An empty tensor can have any extents beside its zero, so their product is not bounded by memory. */
static bool has_fitting_volume(const int64_t *extents) {
  return (double)extents[0] * (double)extents[1] * (double)extents[2] <= (double)(LARGEST << 10);
}

/* Pads of one axis from auto_pad: `total` is split evenly, an odd one goes to the end (SAME_UPPER) or the begin. */
static void split_pads(int64_t total, bool upper, int64_t *begin, int64_t *end) {
  if (total < 0) total = 0;
  *begin = upper ? total / 2 : total - total / 2;
  *end = total - *begin;
}

static int32_t read_axis(const oneiro_node *node, int32_t axis, int64_t kernel, bool transposed,
                         vector_spatial *spatial, oneiro_text *why) {
  int32_t at = VECTOR_SPATIAL - spatial->axes + axis;
  size_t index = (size_t)axis, last = (size_t)(axis + spatial->axes);
  int64_t input = node->inputs[0].dims[2 + axis], output = node->outputs[0].dims[2 + axis];
  int64_t stride = oneiro_ints_at(node, "strides", index, 1), dilation = oneiro_ints_at(node, "dilations", index, 1);
  int64_t begin = oneiro_ints_at(node, "pads", index, 0), end = oneiro_ints_at(node, "pads", last, 0);
  if (!usable(input, 0) || !usable(output, 0) || !usable(kernel, 1) || !usable(stride, 1) || !usable(dilation, 1) ||
      !usable(begin, 0) || !usable(end, 0))
    return vector_refuse(why, "spatial axis %d has an extent, stride, dilation or pad out of range", axis);
  int64_t reach = dilation * (kernel - 1) + 1;
  if (reach > LARGEST) return vector_refuse(why, "the filter is wider than %lld", (long long)LARGEST);
  const char *auto_pad = oneiro_string(node, "auto_pad", "NOTSET");
  bool same = strncmp(auto_pad, "SAME", 4) == 0, upper = strcmp(auto_pad, "SAME_UPPER") == 0;
  if (strcmp(auto_pad, "VALID") == 0) begin = end = 0;
  if (transposed) {
    int64_t extra = oneiro_ints_at(node, "output_padding", index, 0);
    if (!usable(extra, 0)) return vector_refuse(why, "output_padding of axis %d is out of range", axis);
    int64_t full = stride * (input - 1) + reach + extra;
    if (same || oneiro_find_attribute(node, "output_shape")) split_pads(full - output, upper, &begin, &end);
    else if (full - begin - end != output) return vector_refuse(why, "spatial axis %d has another extent", axis);
  } else {
    if (same) split_pads((output - 1) * stride + reach - input, upper, &begin, &end);
    /* A pooling with ceil_mode may hang over the end by less than one stride. */
    if (output > 0 && (output - 1) * stride + reach > input + begin + end + stride - 1)
      return vector_refuse(why, "the output's spatial axis %d is too long", axis);
  }
  spatial->input[at] = input;
  spatial->output[at] = output;
  spatial->kernel[at] = kernel;
  spatial->stride[at] = stride;
  spatial->dilation[at] = dilation;
  spatial->pad_begin[at] = begin;
  spatial->pad_end[at] = end;
  return ONEIRO_OK;
}

int32_t vector_spatial_of(const oneiro_node *node, const int64_t *kernel, bool transposed, vector_spatial *spatial,
                          oneiro_text *why) {
  const oneiro_tensor *x = &node->inputs[0];
  *spatial = (vector_spatial){.axes = x->rank - 2};
  if (spatial->axes < 1 || spatial->axes > VECTOR_SPATIAL)
    return vector_refuse(why, "%d spatial axes", spatial->axes);
  if (node->outputs[0].rank != x->rank) return vector_refuse(why, "input and output differ in rank");
  for (int32_t at = 0; at < VECTOR_SPATIAL; at++) {
    spatial->input[at] = spatial->output[at] = spatial->kernel[at] = spatial->stride[at] = spatial->dilation[at] = 1;
    spatial->pad_begin[at] = spatial->pad_end[at] = 0;
  }
  for (int32_t axis = 0; axis < spatial->axes; axis++) {
    int32_t status = read_axis(node, axis, kernel[axis], transposed, spatial, why);
    if (status) return status;
  }
  if (!has_fitting_volume(spatial->input) || !has_fitting_volume(spatial->output) ||
      !has_fitting_volume(spatial->kernel))
    return vector_refuse(why, "the product of the spatial extents is too large");
  return ONEIRO_OK;
}
