/* For madvise. */
#define _DEFAULT_SOURCE

#include "plugin.h"

#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>

/* Elements of work below which a second thread costs more than it saves. */
enum { SMALLEST_SHARE = 16384, SHARES_PER_THREAD = 4 };

static void (*host_parallel)(int32_t, size_t, void (*)(void *, size_t), void *);

void vector_use_host(const oneiro_host *host) { host_parallel = host->parallel; }

typedef struct range_job {
  size_t count, shares;
  void (*body)(void *, size_t, size_t);
  void *argument;
} range_job;

static void run_share(void *argument, size_t share) {
  const range_job *job = argument;
  /* The first `count % shares` shares are one longer. */
  size_t length = job->count / job->shares, longer = job->count % job->shares;
  size_t begin = share * length + (share < longer ? share : longer);
  job->body(job->argument, begin, begin + length + (share < longer));
}

void vector_parallel_ranges(const oneiro_call *call, size_t count, size_t work,
                            void (*body)(void *, size_t, size_t), void *argument) {
  if (count == 0) return;
  double total = (double)count * (double)(work ? work : 1);
  size_t shares = call->threads > 1 ? (size_t)call->threads * SHARES_PER_THREAD : 1;
  if (total / SMALLEST_SHARE < (double)shares) shares = (size_t)(total / SMALLEST_SHARE);
  if (shares > count) shares = count;
  if (shares < 2) {
    body(argument, 0, count);
    return;
  }
  range_job job = {count, shares, body, argument};
  host_parallel(call->threads, shares, run_share, &job);
}

void vector_parallel_workers(const oneiro_call *call, size_t workers, void (*body)(void *, size_t), void *argument) {
  if (workers == 1) body(argument, 0);
  else if (workers > 1) host_parallel(call->threads, workers, body, argument);
}

static int32_t say(oneiro_text *why, int32_t status, const char *format, va_list arguments) {
  if (why && why->capacity > 0) vsnprintf(why->characters, why->capacity, format, arguments);
  return status;
}

int32_t vector_refuse(oneiro_text *why, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int32_t status = say(why, ONEIRO_UNSUPPORTED, format, arguments);
  va_end(arguments);
  return status;
}

int32_t vector_fail(oneiro_text *why, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int32_t status = say(why, ONEIRO_FAILED, format, arguments);
  va_end(arguments);
  return status;
}

int32_t vector_out_of_memory(oneiro_text *why, size_t byte_count) {
  vector_fail(why, "no memory for %zu bytes of packed constants", byte_count);
  return ONEIRO_OUT_OF_MEMORY;
}

const char *vector_type_name(int32_t element_type) {
  static const char *const names[] = {
      "absent", "float32", "uint8", "int8", "uint16", "int16", "int32", "int64", "string",
      "bool", "float16", "float64", "uint32", "uint64", "complex64", "complex128", "bfloat16",
      [ONEIRO_UINT4] = "uint4", [ONEIRO_INT4] = "int4"};
  size_t count = sizeof names / sizeof names[0];
  const char *name = element_type >= 0 && (size_t)element_type < count ? names[element_type] : NULL;
  return name ? name : "of an unknown number";
}

static int32_t require_plain(const oneiro_tensor *tensor, const char *kind, size_t index, oneiro_text *why) {
  if (tensor->element_type == ONEIRO_TYPE_ABSENT) return ONEIRO_OK;
  if (tensor->layout != ONEIRO_LAYOUT_PLAIN) return vector_refuse(why, "%s %zu is not in plain layout", kind, index);
  if (tensor->rank > VECTOR_MAX_RANK)
    return vector_refuse(why, "%s %zu has rank %d, above %d", kind, index, tensor->rank, VECTOR_MAX_RANK);
  return ONEIRO_OK;
}

int32_t vector_require_plain(const oneiro_node *node, oneiro_text *why) {
  int32_t status = ONEIRO_OK;
  for (size_t index = 0; index < node->input_count && !status; index++)
    status = require_plain(&node->inputs[index], "input", index, why);
  for (size_t index = 0; index < node->output_count && !status; index++)
    status = require_plain(&node->outputs[index], "output", index, why);
  return status;
}

int32_t vector_require_input(const oneiro_node *node, size_t index, int32_t element_type, oneiro_text *why) {
  if (!oneiro_has_input(node, index)) return vector_refuse(why, "input %zu is absent", index);
  int32_t found = node->inputs[index].element_type;
  if (found != element_type)
    return vector_refuse(why, "element type of input %zu is %s, not %s", index, vector_type_name(found),
                         vector_type_name(element_type));
  return ONEIRO_OK;
}

int32_t vector_require_floats(const oneiro_node *node, oneiro_text *why) {
  int32_t status = vector_require_plain(node, why);
  if (!status && !oneiro_has_input(node, 0)) return vector_refuse(why, "input 0 is absent");
  for (size_t index = 0; index < node->input_count && !status; index++)
    if (oneiro_has_input(node, index)) status = vector_require_input(node, index, ONEIRO_FLOAT32, why);
  return status ? status : vector_require_output(node, ONEIRO_FLOAT32, oneiro_element_count(&node->outputs[0]), why);
}

int32_t vector_require_output(const oneiro_node *node, int32_t element_type, int64_t count, oneiro_text *why) {
  const oneiro_tensor *output = &node->outputs[0];
  if (output->element_type != element_type)
    return vector_refuse(why, "element type of the output is %s, not %s", vector_type_name(output->element_type),
                         vector_type_name(element_type));
  if (oneiro_element_count(output) != count)
    return vector_refuse(why, "the output has %lld elements, not %lld", (long long)oneiro_element_count(output),
                         (long long)count);
  return ONEIRO_OK;
}

int32_t vector_require_constant(const oneiro_node *node, size_t index, const char *meaning, oneiro_text *why) {
  const oneiro_tensor *tensor = &node->inputs[index];
  if (!vector_is_integer(tensor->element_type))
    return vector_refuse(why, "element type of %s is %s", meaning, vector_type_name(tensor->element_type));
  if (!tensor->data && oneiro_element_count(tensor) > 0) return vector_refuse(why, "%s is not constant", meaning);
  return ONEIRO_OK;
}

int32_t vector_axis(int64_t axis, int32_t rank) {
  if (axis < -(int64_t)rank || axis >= rank) return -1;
  return (int32_t)(axis < 0 ? axis + rank : axis);
}

int64_t vector_integer_at(const oneiro_tensor *tensor, int64_t index) {
  if (tensor->element_type == ONEIRO_INT64) {
    int64_t value;   /* constant data of a mapped file may lie at any address */
    memcpy(&value, (const char *)tensor->data + index * 8, sizeof value);
    return value;
  }
  int32_t value;
  memcpy(&value, (const char *)tensor->data + index * 4, sizeof value);
  return value;
}

void *vector_new_state(size_t byte_count) { return calloc(1, byte_count ? byte_count : 1); }

void *vector_new_packed(const oneiro_call *call, size_t state_bytes, size_t packed_bytes, vector_packing *packing) {
  enum { LARGE_PAGE = 2 << 20 };
  int32_t is_filled = 0;
  void *given = packed_bytes ? oneiro_packed_memory(call, NULL, packed_bytes, &is_filled) : NULL;
  size_t head = (state_bytes + VECTOR_ALIGNMENT - 1) / VECTOR_ALIGNMENT * VECTOR_ALIGNMENT;
  size_t byte_count = given ? head : head + packed_bytes;
  void *memory = NULL;
  bool large = byte_count >= LARGE_PAGE;
  if (posix_memalign(&memory, large ? LARGE_PAGE : VECTOR_ALIGNMENT, byte_count ? byte_count : 1)) return NULL;
#ifdef MADV_HUGEPAGE
  if (large) madvise(memory, byte_count, MADV_HUGEPAGE);
#endif
  *packing = (vector_packing){given ? given : (char *)memory + head, is_filled != 0};
  return memory;
}
