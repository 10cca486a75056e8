/* ConvTranspose, as a convolution over an input whose elements are spread `stride` apart. With a stride above 1 that
 * multiplies by zeros; what is won is that no two threads ever add to the same output. */
#include <stdlib.h>

#include "convolution.h"
#include "families.h"

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  int32_t status = vector_require_floats(node, why);
  vector_convolution convolution;
  return status ? status : vector_describe_convolution(node, true, &convolution, why);
}

/* Filters that are no constant are turned at run time, behind the product's own workspace. */
static int32_t prepare(oneiro_call *call) {
  int32_t status = vector_prepare_convolution(call, true);
  if (status) return status;
  const vector_convolution *convolution = call->state;
  if (convolution->packed) oneiro_set_packed(call, 1);
  if (!convolution->packed) call->workspace_byte_count += vector_filter_floats(convolution) * sizeof(float);
  return ONEIRO_OK;
}

static int32_t compute(const oneiro_call *call) {
  const vector_convolution *convolution = call->state;
  float *turned = NULL;
  if (!convolution->packed) {
    turned = (float *)((char *)call->workspace + vector_product_workspace(&convolution->plan));
    vector_turn_filters(convolution, turned, call->inputs[1].data);
  }
  vector_run_convolution(call, convolution, call->workspace, turned, NULL);
  return ONEIRO_OK;
}

static const vector_kernel kernels[] = {{"ConvTranspose", 22, supports, prepare, compute, free, NULL}};
VECTOR_FAMILY(vector_conv_transpose, kernels);
