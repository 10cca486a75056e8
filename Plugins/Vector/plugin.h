/* What the files of this plugin share: how a kernel is listed, a refusal is worded, work is spread over threads. */
#ifndef VECTOR_PLUGIN_H
#define VECTOR_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "include/vector_kernels.h"
#include "isa.h"

/* Only `oneiro_plugin_register` leaves the library; two plugins in one process must not find each other's functions. */
#pragma GCC visibility push(hidden)

/* The largest rank a kernel here takes. More is refused, never truncated. */
enum { VECTOR_MAX_RANK = 12 };

/* One line of a family's table; the fields are those of `oneiro_kernel`. A NULL domain is ai.onnx. */
typedef struct vector_kernel {
  const char *op_type;
  int32_t since_version;
  int32_t (*supports)(const oneiro_node *node, oneiro_text *why);
  int32_t (*prepare)(oneiro_call *call);
  int32_t (*compute)(const oneiro_call *call);
  void (*release)(void *state);
  const char *domain;
  double (*relative_time)(const oneiro_node *node, int32_t threads);
  const char *method;
  uint32_t flags;
  bool splits;                     /* multiplies floats that are split, which not every level does */
  bool pairs;                      /* multiplies numbers of 16 bits, for levels without tile registers for bytes */
} vector_kernel;

/* The kernels of one file. */
typedef struct vector_family {
  const vector_kernel *kernels;
  size_t count;
} vector_family;

#define VECTOR_FAMILY(name, table) const vector_family name = {table, sizeof(table) / sizeof(table)[0]}

/* Remembers the host's pool. Called once, before any kernel is added. */
void vector_use_host(const oneiro_host *host);

/* Spreads 0 ..< count over at most call->threads threads as ranges. `work` is what one item costs, in elements touched
 * or multiplications: below some tens of thousands in all, the calling thread does it alone, because handing work to
 * the pool costs several microseconds. */
void vector_parallel_ranges(const oneiro_call *call, size_t count, size_t work,
                            void (*body)(void *argument, size_t begin, size_t end), void *argument);

/* Runs body(argument, worker) for every worker in 0 ..< workers. */
void vector_parallel_workers(const oneiro_call *call, size_t workers, void (*body)(void *argument, size_t worker),
                             void *argument);

/* Writes a printf-style sentence into `why` and returns the status. */
__attribute__((format(printf, 2, 3))) int32_t vector_refuse(oneiro_text *why, const char *format, ...);
__attribute__((format(printf, 2, 3))) int32_t vector_fail(oneiro_text *why, const char *format, ...);
int32_t vector_out_of_memory(oneiro_text *why, size_t byte_count);

const char *vector_type_name(int32_t element_type);

/* The checks that `supports` is made of. Each returns ONEIRO_OK, or ONEIRO_UNSUPPORTED with a reason. */
int32_t vector_require_plain(const oneiro_node *node, oneiro_text *why);           /* every tensor, rank included */
int32_t vector_require_input(const oneiro_node *node, size_t index, int32_t element_type, oneiro_text *why);
int32_t vector_require_floats(const oneiro_node *node, oneiro_text *why);   /* plain, inputs and output 0 float32 */
int32_t vector_require_output(const oneiro_node *node, int32_t element_type, int64_t count, oneiro_text *why);
int32_t vector_require_constant(const oneiro_node *node, size_t index, const char *meaning, oneiro_text *why);

/* An axis counted from the front, or -1 when it is out of range. */
int32_t vector_axis(int64_t axis, int32_t rank);

/* Element `index` of a constant int32 or int64 tensor. */
int64_t vector_integer_at(const oneiro_tensor *tensor, int64_t index);

static inline bool vector_is_integer(int32_t element_type) {
  return element_type == ONEIRO_INT32 || element_type == ONEIRO_INT64;
}

static inline int64_t vector_product(const int64_t *dims, int32_t begin, int32_t end) {
  int64_t product = 1;
  for (int32_t axis = begin; axis < end; axis++) product *= dims[axis];
  return product;
}

static inline bool vector_same_dims(const oneiro_tensor *a, const oneiro_tensor *b) {
  if (a->rank != b->rank) return false;
  return a->rank == 0 || memcmp(a->dims, b->dims, sizeof(int64_t) * (size_t)a->rank) == 0;
}

/* malloc'ed state with zeros, NULL when there is no room. */
void *vector_new_state(size_t byte_count);

/* What is packed of constants. */
enum { VECTOR_ALIGNMENT = 64 };
typedef struct vector_packing {
  void *memory;                     /* aligned to VECTOR_ALIGNMENT */
  bool is_filled;                   /* in an earlier run: what it holds is not to be written to */
} vector_packing;

/* A state, and beside it memory for what is packed, which is the host's, or lies behind the state, in large pages where
 * the system has them. Both are let go of with free(state). Neither is cleared; NULL when there is no room. */
void *vector_new_packed(const oneiro_call *call, size_t state_bytes, size_t packed_bytes, vector_packing *packing);

#pragma GCC visibility pop
#endif
