/* MaxPool and AveragePool over one to three spatial axes, and their global forms. */
#include <math.h>
#include <stdlib.h>

#include "families.h"
#include "spatial.h"

static int32_t describe(const oneiro_node *node, vector_spatial *spatial, oneiro_text *why) {
  const oneiro_attribute *shape = oneiro_find_attribute(node, "kernel_shape");
  const oneiro_tensor *x = &node->inputs[0], *y = &node->outputs[0];
  if (!shape || shape->kind != ONEIRO_ATTRIBUTE_INTS || (int64_t)shape->count != (int64_t)x->rank - 2)
    return vector_refuse(why, "kernel_shape does not fit rank %d", x->rank);
  int32_t status = vector_spatial_of(node, shape->ints, false, spatial, why);
  if (status) return status;
  if (x->dims[0] != y->dims[0] || x->dims[1] != y->dims[1])
    return vector_refuse(why, "input and output differ in batch or channels");
  return ONEIRO_OK;
}

static int32_t supports(const oneiro_node *node, oneiro_text *why) {
  int32_t status = vector_require_floats(node, why);
  if (status) return status;
  if (node->output_count > 1 && node->outputs[1].element_type != ONEIRO_TYPE_ABSENT)
    return vector_refuse(why, "Indices are asked for");
  vector_spatial spatial;
  return describe(node, &spatial, why);
}

static int32_t prepare(oneiro_call *call) {
  vector_spatial *spatial = vector_new_state(sizeof *spatial);
  if (!spatial) return vector_out_of_memory(call->why, sizeof *spatial);
  int32_t status = describe(call->node, spatial, call->why);
  if (status) free(spatial);
  else call->state = spatial;
  return status;
}

typedef struct pool_job {
  const vector_spatial *spatial;
  float *y;
  const float *x;
  bool averages, counts_pads;
} pool_job;

/* The taps of one axis that fall on the input for output position `at`, and how many fall on input or padding. */
typedef struct tap_range {
  int64_t begin, end, first;      /* tap numbers; the input position of tap 0 */
  int64_t padded;
} tap_range;

static int64_t divide_up(int64_t value, int64_t step) { return value <= 0 ? 0 : (value + step - 1) / step; }

static tap_range taps_of(const vector_spatial *spatial, int32_t axis, int64_t at) {
  int64_t first = at * spatial->stride[axis] - spatial->pad_begin[axis], dilation = spatial->dilation[axis];
  int64_t kernel = spatial->kernel[axis], input = spatial->input[axis];
  int64_t end = divide_up(input - first, dilation);
  int64_t padded = divide_up(input + spatial->pad_end[axis] - first, dilation);
  return (tap_range){.begin = divide_up(-first, dilation), .end = end < kernel ? end : kernel, .first = first,
                     .padded = padded < kernel ? padded : kernel};
}

static float pool_one(const pool_job *job, const float *x, const tap_range *range) {
  const vector_spatial *spatial = job->spatial;
  const int64_t *input = spatial->input, *dilation = spatial->dilation;
  float best = -INFINITY;
  double sum = 0;
  int64_t count = 0;
  for (int64_t t0 = range[0].begin; t0 < range[0].end; t0++)
    for (int64_t t1 = range[1].begin; t1 < range[1].end; t1++) {
      int64_t i0 = range[0].first + t0 * dilation[0], i1 = range[1].first + t1 * dilation[1];
      const float *row = x + (i0 * input[1] + i1) * input[2] + range[2].first;
      for (int64_t t2 = range[2].begin; t2 < range[2].end; t2++, count++) {
        float value = row[t2 * dilation[2]];
        if (value > best || value != value) best = value;
        sum += (double)value;
      }
    }
  if (!job->averages) return best;
  if (job->counts_pads) count = range[0].padded * range[1].padded * range[2].padded;
  return (float)(sum / (double)(count > 0 ? count : 1));
}

static void pool_planes(void *argument, size_t begin, size_t end) {
  const pool_job *job = argument;
  const vector_spatial *spatial = job->spatial;
  const int64_t *output = spatial->output;
  float *y = job->y + (int64_t)begin * vector_volume(output);
  for (size_t plane = begin; plane < end; plane++) {
    const float *x = job->x + (int64_t)plane * vector_volume(spatial->input);
    tap_range range[VECTOR_SPATIAL];
    for (int64_t o0 = 0; o0 < output[0]; o0++) {
      range[0] = taps_of(spatial, 0, o0);
      for (int64_t o1 = 0; o1 < output[1]; o1++) {
        range[1] = taps_of(spatial, 1, o1);
        for (int64_t o2 = 0; o2 < output[2]; o2++) {
          range[2] = taps_of(spatial, 2, o2);
          *y++ = pool_one(job, x, range);
        }
      }
    }
  }
}

static int32_t run(const oneiro_call *call, bool averages) {
  const vector_spatial *spatial = call->state;
  pool_job job = {spatial, call->outputs[0].data, call->inputs[0].data, averages,
                  oneiro_int(call->node, "count_include_pad", 0) != 0};
  size_t planes = (size_t)(call->inputs[0].dims[0] * call->inputs[0].dims[1]);
  vector_parallel_ranges(call, planes, (size_t)(vector_volume(spatial->output) * vector_volume(spatial->kernel)),
                         pool_planes, &job);
  return ONEIRO_OK;
}

static int32_t compute_max(const oneiro_call *call) { return run(call, false); }
static int32_t compute_average(const oneiro_call *call) { return run(call, true); }

static int32_t supports_global(const oneiro_node *node, oneiro_text *why) {
  int32_t status = vector_require_floats(node, why);
  if (status) return status;
  const oneiro_tensor *x = &node->inputs[0];
  if (x->rank < 2) return vector_refuse(why, "rank %d", x->rank);
  return vector_require_output(node, ONEIRO_FLOAT32, x->dims[0] * x->dims[1], why);
}

typedef struct global_job {
  float *y;
  const float *x;
  size_t plane;
  bool averages;
} global_job;

/* Pixels of a plane up to which the call of a loop costs more than the loop. */
enum { FEW_PIXELS = 16 };

static void average_few(const global_job *job, size_t begin, size_t end) {
  double pixels = (double)job->plane;
  for (size_t plane = begin; plane < end; plane++) {
    const float *x = job->x + plane * job->plane;
    double sum = 0;
    for (size_t i = 0; i < job->plane; i++) sum += (double)x[i];
    job->y[plane] = (float)(sum / pixels);
  }
}

static void pool_globally(void *argument, size_t begin, size_t end) {
  const global_job *job = argument;
  if (job->averages && job->plane <= FEW_PIXELS) {
    average_few(job, begin, end);
    return;
  }
  vector_fold fold = job->averages ? VECTOR_FOLD_SUM : VECTOR_FOLD_MAX;
  for (size_t plane = begin; plane < end; plane++) {
    double value = vector_picked->fold_row[fold](job->x + plane * job->plane, job->plane, 0);
    job->y[plane] = (float)(job->averages ? value / (double)job->plane : value);
  }
}

static int32_t run_global(const oneiro_call *call, bool averages) {
  const oneiro_tensor *x = &call->inputs[0];
  global_job job = {call->outputs[0].data, x->data, (size_t)vector_product(x->dims, 2, x->rank), averages};
  vector_parallel_ranges(call, (size_t)(x->dims[0] * x->dims[1]), job.plane, pool_globally, &job);
  return ONEIRO_OK;
}

static int32_t compute_global_max(const oneiro_call *call) { return run_global(call, false); }
static int32_t compute_global_average(const oneiro_call *call) { return run_global(call, true); }

static const vector_kernel kernels[] = {
    {"MaxPool", 22, supports, prepare, compute_max, free, NULL},
    {"AveragePool", 22, supports, prepare, compute_average, free, NULL},
    {"GlobalMaxPool", 22, supports_global, NULL, compute_global_max, NULL, NULL},
    {"GlobalAveragePool", 22, supports_global, NULL, compute_global_average, NULL, NULL},
};
VECTOR_FAMILY(vector_pool, kernels);
