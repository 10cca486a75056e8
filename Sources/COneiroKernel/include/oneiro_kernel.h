/* The C ABI between Oneiro and a kernel plugin: everything that crosses that border is in this file.
 *
 * A kernel plugin is a shared library with one exported symbol, `oneiro_plugin_register`. The host calls it once,
 * after loading, with the table of functions it offers; the plugin answers by adding its kernels, one descriptor an
 * operator. From then on the host asks a kernel, for every node of a graph, in this order:
 *
 *     supports   can you run this node?                     any number of times, from any thread
 *     prepare    pack constants, choose an algorithm        once for a planned node
 *     compute    run                                        once a step; several threads may run one prepared node
 *     release    free what prepare made                     once
 *
 * Growth: every struct starts with its own size in bytes as the side that made it was compiled. Fields are only ever
 * appended, so a reader looks at `struct_size` before it touches a field that an older peer may not have.
 *
 * Ownership: the host owns every pointer it passes. What hangs off `oneiro_node` (names, shapes, attributes, constant
 * data) stays where it is from `prepare` to `release`, so a kernel may keep pointers into it. What hangs off
 * `oneiro_call` otherwise is valid during that call alone.
 */
#ifndef ONEIRO_KERNEL_H
#define ONEIRO_KERNEL_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bumped when a change cannot be expressed by appending a field. Host and plugin must agree exactly. */
#define ONEIRO_KERNEL_ABI 1u

/* What every function of this ABI that can fail returns. */
enum {
  ONEIRO_OK = 0,
  ONEIRO_UNSUPPORTED = 1,     /* an ordinary "no" of `supports`; the reason is in `why` */
  ONEIRO_ABI_MISMATCH = 2,    /* host and plugin were built for different versions */
  ONEIRO_OUT_OF_MEMORY = 3,
  ONEIRO_FAILED = 4           /* anything else; the reason is in `why` */
};

/* Element types carry the numbers of ONNX's TensorProto.DataType. */
enum {
  ONEIRO_TYPE_ABSENT = 0,     /* an optional input that was left out */
  ONEIRO_FLOAT32 = 1,
  ONEIRO_UINT8 = 2,
  ONEIRO_INT8 = 3,
  ONEIRO_UINT16 = 4,
  ONEIRO_INT16 = 5,
  ONEIRO_INT32 = 6,
  ONEIRO_INT64 = 7,
  ONEIRO_STRING = 8,          /* never crosses this border with data */
  ONEIRO_BOOL = 9,            /* one byte, 0 or 1 */
  ONEIRO_FLOAT16 = 10,
  ONEIRO_FLOAT64 = 11,
  ONEIRO_UINT32 = 12,
  ONEIRO_UINT64 = 13,
  ONEIRO_COMPLEX64 = 14,
  ONEIRO_COMPLEX128 = 15,
  ONEIRO_BFLOAT16 = 16,
  /* Two elements in a byte, the first in its low half. Only constants cross so, to kernels with
   * ONEIRO_KERNEL_READS_FOUR_BITS. */
  ONEIRO_UINT4 = 21,
  ONEIRO_INT4 = 22
};

/* How the elements of a tensor lie in memory. `dims` is always the logical shape, in ONNX's axis order.
 * Numbers from ONEIRO_LAYOUT_PLUGIN up belong to the plugin that the host handed them to. */
enum {
  ONEIRO_LAYOUT_PLAIN = 0,          /* row-major, no gaps */
  ONEIRO_LAYOUT_CHANNELS_LAST = 1,  /* axis 1 is stored innermost: N, spatial axes, C */
  ONEIRO_LAYOUT_PLUGIN = 0x10000
};

/* Room for one sentence. The writer stops at `capacity`, the terminating zero included. */
typedef struct oneiro_text {
  uint32_t struct_size;
  size_t capacity;
  char *characters;
} oneiro_text;

typedef struct oneiro_tensor {
  uint32_t struct_size;
  int32_t element_type;
  int32_t rank;
  uint32_t layout;
  const int64_t *dims;        /* `rank` extents; none of them is negative */
  size_t byte_count;
  void *data;                 /* of a node: the data of a constant, NULL for anything else. 64-byte aligned unless constant */
} oneiro_tensor;

/* The kinds of attribute a kernel can be asked about, with ONNX's AttributeProto numbers. Others are not passed on. */
enum { ONEIRO_ATTRIBUTE_FLOAT = 1, ONEIRO_ATTRIBUTE_INT = 2, ONEIRO_ATTRIBUTE_STRING = 3,
       ONEIRO_ATTRIBUTE_FLOATS = 6, ONEIRO_ATTRIBUTE_INTS = 7, ONEIRO_ATTRIBUTE_STRINGS = 8 };

typedef struct oneiro_attribute {
  uint32_t struct_size;
  int32_t kind;
  const char *name;
  size_t count;               /* elements of `ints` or `floats`, bytes of `string`, STRINGS; 1 for a single int or float */
  const int64_t *ints;        /* INT (one) and INTS */
  const float *floats;        /* FLOAT (one) and FLOATS */
  const char *string;         /* STRING, zero-terminated; STRINGS, one behind the other, each zero-terminated */
} oneiro_attribute;

/* One node with bound shapes. An absent optional input has element type ONEIRO_TYPE_ABSENT. */
typedef struct oneiro_node {
  uint32_t struct_size;
  int32_t since_version;      /* the operator's version in its domain that this node means */
  const char *name;
  const char *op_type;
  const char *domain;         /* "" is ai.onnx */
  size_t input_count;
  size_t output_count;
  size_t attribute_count;
  const oneiro_tensor *inputs;
  const oneiro_tensor *outputs;
  const oneiro_attribute *attributes;
  /* For each input the element type in which the data of a constant lies, narrower than the tensor's own: float32 kept as
   * ONEIRO_FLOAT16 or ONEIRO_BFLOAT16. 0 for an input, or NULL for all: data lies as element_type says. Only kernels with
   * ONEIRO_KERNEL_READS_NARROW meet it. `byte_count` is that of the tensor's own type. */
  const int32_t *input_storage;
} oneiro_node;

typedef struct oneiro_call {
  uint32_t struct_size;
  int32_t threads;                 /* how many threads compute may use, the calling one included; at least 1 */
  const oneiro_node *node;
  const oneiro_tensor *inputs;     /* compute: with data. prepare: the same as node->inputs */
  const oneiro_tensor *outputs;    /* compute: with data to be written */
  void *state;                     /* prepare sets it, compute reads it, release frees it */
  size_t workspace_byte_count;     /* prepare sets it */
  void *workspace;                 /* compute: that many bytes, 64-byte aligned, with undefined contents */
  oneiro_text *why;                /* for ONEIRO_FAILED */
  /* prepare sets bit i when compute will not read the constant input i, because what it needs of it is packed. The host
   * may then give its memory back to the system, and what lies there in compute is undefined. */
  uint64_t packed_inputs;
  int32_t tuning;                  /* prepare: whether it may run ways to compute and time them */
  /* prepare: memory of the host for what the kernel makes of constants, which the host may keep from run to run. Called
   * from the thread that runs prepare, as often as there are pieces. `what` tells pieces of one node apart, and says how
   * the bytes lie where that hangs on more than kernel, node and threads, such as on what was measured; NULL: nothing.
   *
   * 64-byte aligned, the host's, and there until `release` has returned, or prepare has failed. When `is_filled` is set
   * to 1, the bytes are what this kernel left there when it last packed the same constants: nothing needs to be packed,
   * and nothing may be written. They come from a file that somebody may have changed, so no index and no length may
   * hang on them. Else the kernel fills all of them before prepare returns. NULL: the host keeps nothing for this node,
   * and the kernel packs into memory of its own. */
  void *(*packed_memory)(void *packed_context, const char *what, size_t byte_count, int32_t *is_filled);
  void *packed_context;
} oneiro_call;

/* What `prepare` may measure. */
enum {
  ONEIRO_TUNING_OFF = 0,      /* nothing; what `recall` knows counts for nothing either */
  ONEIRO_TUNING_QUICK = 1,    /* where it takes some milliseconds */
  ONEIRO_TUNING_FULL = 2      /* whatever may be the fastest, however long it takes */
};

/* Flags of a kernel. */
enum {
  /* `supports` and `prepare` read constants as `input_storage` says, and the kernel keeps no pointer to narrow ones: what it
   * needs of them in `compute` it has packed or widened. There their data is NULL. A kernel without the flag is given
   * every constant in its own element type. */
  ONEIRO_KERNEL_READS_NARROW = 1,
  /* Computes by another formula than the operator's definition, with a rounding error that is larger for it, and may make a
   * NaN of an infinity. Not used where the user asks for strict precision. */
  ONEIRO_KERNEL_APPROXIMATE = 2,
  /* `compute` may be given output 0 at the address of an input, whichever it is, that has the output's shape and element type:
   * it writes element i when it needs element i of that input no more. Every other tensor lies elsewhere, but for inputs
   * that are one value. */
  ONEIRO_KERNEL_IN_PLACE = 4,
  /* `supports` and `prepare` know constants of ONEIRO_UINT4 and ONEIRO_INT4. A kernel without the flag is not asked about a
   * node that has some. */
  ONEIRO_KERNEL_READS_FOUR_BITS = 8
};

typedef struct oneiro_kernel {
  uint32_t struct_size;
  int32_t since_version;           /* the first version of the operator whose meaning this kernel has */
  int32_t until_version;           /* the last one; 0: no later version is known */
  const char *op_type;
  const char *domain;
  const char *isa;                 /* what it was built for and picked at run time, e.g. "x86-64-v3"; for people */
  /* Also says no to every layout but those it can read and write as they are tagged. */
  int32_t (*supports)(const oneiro_node *node, oneiro_text *why);
  int32_t (*prepare)(oneiro_call *call);        /* may be NULL: no state, no workspace */
  int32_t (*compute)(const oneiro_call *call);  /* allocates nothing */
  void (*release)(void *state);                 /* may be NULL */
  uint32_t flags;
  /* How long the node takes this kernel, in terms of one that does what the operator's definition says: 0.5 is half as
   * long. Asked after `supports`; among all kernels that the host may use, the least wins, and the first of those.
   * NULL: 1. */
  double (*relative_time)(const oneiro_node *node, int32_t threads);
  const char *method;              /* what tells this kernel from others of the same operator; for people; may be NULL */
} oneiro_kernel;

typedef struct oneiro_host {
  uint32_t struct_size;
  uint32_t abi_version;
  void *context;
  /* The host copies the descriptor and the strings it names. */
  int32_t (*add_kernel)(void *context, const oneiro_kernel *kernel);
  /* One line about the plugin as a whole (library version, the core type it picked and why), for `oneiro kernels`. */
  void (*describe)(void *context, const char *line);
  /* Calls body(argument, index) for every index in 0 ..< count, spread over at most `threads` threads, and returns when
   * all have ended. It is the one pool of the process: a library with its own is told to use a single thread, or the
   * same OpenMP run time that this stands on. May be called inside prepare and compute, and not from inside a body. */
  void (*parallel)(int32_t threads, size_t count, void (*body)(void *argument, size_t index), void *argument);
  /* What the plugin has measured on this machine, kept by the host from run to run under a key that says what it depends
   * on; the host adds the plugin's name and description. `recall` is ONEIRO_OK when something is known; the value comes
   * from a file that anybody may have changed, so check it. From any thread. */
  int32_t (*recall)(void *context, const char *key, int32_t *value);
  void (*remember)(void *context, const char *key, int32_t value);
} oneiro_host;

/* The symbol that a plugin exports. ONEIRO_OK, or ONEIRO_ABI_MISMATCH before anything else is touched. */
#ifdef _WIN32
__declspec(dllexport)
#else
__attribute__((visibility("default")))
#endif
int32_t oneiro_plugin_register(const oneiro_host *host);

/* ---- Conveniences for kernels; nothing below crosses the border. ---- */

static inline int64_t oneiro_element_count(const oneiro_tensor *tensor) {
  int64_t count = 1;
  for (int32_t axis = 0; axis < tensor->rank; axis++) count *= tensor->dims[axis];
  return count;
}

static inline size_t oneiro_element_size(int32_t element_type) {
  switch (element_type) {
    case ONEIRO_UINT8: case ONEIRO_INT8: case ONEIRO_BOOL: return 1;
    case ONEIRO_UINT16: case ONEIRO_INT16: case ONEIRO_FLOAT16: case ONEIRO_BFLOAT16: return 2;
    case ONEIRO_FLOAT32: case ONEIRO_INT32: case ONEIRO_UINT32: return 4;
    case ONEIRO_INT64: case ONEIRO_UINT64: case ONEIRO_FLOAT64: case ONEIRO_COMPLEX64: return 8;
    case ONEIRO_COMPLEX128: return 16;
    default: return 0;        /* not a whole number of bytes, or not plain memory */
  }
}

/* Sets the bit of a packed input in `call`, where the host knows of such bits. */
static inline void oneiro_set_packed(oneiro_call *call, size_t index) {
  const size_t end = offsetof(oneiro_call, packed_inputs) + sizeof call->packed_inputs;
  if (call->struct_size >= end && index < 64) call->packed_inputs |= (uint64_t)1 << index;
}

/* Memory of the host for what is packed; NULL, with nothing filled, where the host has none to give. */
static inline void *oneiro_packed_memory(const oneiro_call *call, const char *what, size_t byte_count,
                                         int32_t *is_filled) {
  const size_t end = offsetof(oneiro_call, packed_context) + sizeof call->packed_context;
  *is_filled = 0;
  if (call->struct_size < end || !call->packed_memory) return NULL;
  return call->packed_memory(call->packed_context, what, byte_count, is_filled);
}

/* What prepare may measure; an older host does not say, and lets it measure a little. */
static inline int32_t oneiro_tuning(const oneiro_call *call) {
  const size_t end = offsetof(oneiro_call, tuning) + sizeof call->tuning;
  return call->struct_size >= end ? call->tuning : ONEIRO_TUNING_QUICK;
}

/* What was measured before under `key`; ONEIRO_UNSUPPORTED when nothing is known, or the host does not keep such things. */
static inline int32_t oneiro_recall(const oneiro_host *host, const char *key, int32_t *value) {
  const size_t end = offsetof(oneiro_host, recall) + sizeof host->recall;
  return host->struct_size >= end && host->recall ? host->recall(host->context, key, value) : ONEIRO_UNSUPPORTED;
}

static inline void oneiro_remember(const oneiro_host *host, const char *key, int32_t value) {
  const size_t end = offsetof(oneiro_host, remember) + sizeof host->remember;
  if (host->struct_size >= end && host->remember) host->remember(host->context, key, value);
}

/* The element type in which the data of a constant input lies. */
static inline int32_t oneiro_input_storage(const oneiro_node *node, size_t index) {
  const size_t end = offsetof(oneiro_node, input_storage) + sizeof node->input_storage;
  const int32_t *storage = node->struct_size >= end ? node->input_storage : NULL;
  return storage && storage[index] ? storage[index] : node->inputs[index].element_type;
}

/* True when input `index` exists and was given. */
static inline int oneiro_has_input(const oneiro_node *node, size_t index) {
  return index < node->input_count && node->inputs[index].element_type != ONEIRO_TYPE_ABSENT;
}

static inline const oneiro_attribute *oneiro_find_attribute(const oneiro_node *node, const char *name) {
  for (size_t index = 0; index < node->attribute_count; index++)
    if (strcmp(node->attributes[index].name, name) == 0) return &node->attributes[index];
  return NULL;
}

static inline int64_t oneiro_int(const oneiro_node *node, const char *name, int64_t fallback) {
  const oneiro_attribute *found = oneiro_find_attribute(node, name);
  return found && found->kind == ONEIRO_ATTRIBUTE_INT ? found->ints[0] : fallback;
}

static inline float oneiro_float(const oneiro_node *node, const char *name, float fallback) {
  const oneiro_attribute *found = oneiro_find_attribute(node, name);
  return found && found->kind == ONEIRO_ATTRIBUTE_FLOAT ? found->floats[0] : fallback;
}

static inline const char *oneiro_string(const oneiro_node *node, const char *name, const char *fallback) {
  const oneiro_attribute *found = oneiro_find_attribute(node, name);
  return found && found->kind == ONEIRO_ATTRIBUTE_STRING ? found->string : fallback;
}

/* Element `index` of an INTS attribute, or `fallback` where the attribute is missing or shorter. */
static inline int64_t oneiro_ints_at(const oneiro_node *node, const char *name, size_t index, int64_t fallback) {
  const oneiro_attribute *found = oneiro_find_attribute(node, name);
  return found && found->kind == ONEIRO_ATTRIBUTE_INTS && index < found->count ? found->ints[index] : fallback;
}

/* Writes the sentence and returns `status`, so that a refusal is one line: return oneiro_say(why, ONEIRO_UNSUPPORTED, "group > 1"). */
static inline int32_t oneiro_say(oneiro_text *why, int32_t status, const char *sentence) {
  if (why && why->capacity > 0) snprintf(why->characters, why->capacity, "%s", sentence);
  return status;
}

#ifdef __cplusplus
}
#endif
#endif
