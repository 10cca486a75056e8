/* A look over the bytes of a protobuf message before protobuf-c unpacks them.
 *
 * `protobuf_c_message_unpack` calls itself for every nested message without a limit, so that a file of 100 KB can
 * exhaust the stack. A singular message that occurs twice is merged at a cost that grows with the square of the
 * occurrences, and refused or replaced where a oneof is involved; nobody writes such files, so the scan refuses them
 * all. And every fault comes back as a bare null. The scan needs no recursion and no allocation; what it passes can be
 * unpacked (as long as memory lasts), and of what it refuses it says where and why.
 */
#ifndef ONNX_SCAN_H
#define ONNX_SCAN_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How many messages may lie inside each other, the outermost one counted. Google's readers take as many by default;
 * protobuf-c needs about 1.5 KB of stack for each. */
#define ONNX_SCAN_MAX_DEPTH 101

typedef enum onnx_scan_status {
  ONNX_SCAN_OK = 0,
  ONNX_SCAN_TRUNCATED,      /* the message ends in the middle of a field */
  ONNX_SCAN_BAD_VARINT,     /* a variable-length integer does not end, or does not fit 64 bits */
  ONNX_SCAN_BAD_TAG,        /* field number 0, or beyond 2^29 - 1 */
  ONNX_SCAN_BAD_WIRE_TYPE,  /* a group or an unassigned wire type, or one that this field's type cannot have */
  ONNX_SCAN_BAD_PACKING,    /* a packed list whose length is no multiple of its element's */
  ONNX_SCAN_TOO_LONG,       /* a field of 2 GiB or more */
  ONNX_SCAN_TOO_DEEP,       /* more than ONNX_SCAN_MAX_DEPTH messages inside each other */
  ONNX_SCAN_DUPLICATE,      /* a message field that is not repeated occurs twice */
  ONNX_SCAN_ZERO_BYTE       /* a string holds a zero byte, at which C would cut it */
} onnx_scan_status;

/* The first fault. `message` and `field` are names of the format ("TensorProto", "raw_data") and live forever. */
typedef struct onnx_scan_result {
  onnx_scan_status status;
  size_t offset;            /* bytes from the start to the field at fault; the count when all is well */
  size_t depth;             /* messages open at that place; the greatest depth when all is well */
  const char *message;      /* the innermost message open there */
  const char *field;        /* null when its tag is unreadable or not known to the format */
} onnx_scan_result;

/* Scans `count` bytes as one message of `type`. Unknown fields are passed over: their contents are not looked into,
 * and unpacking does not either. */
onnx_scan_result onnx_scan_depth(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t count);

/* What a status means, as the end of an error message: "a string holds a zero byte". */
const char *onnx_scan_reason(onnx_scan_status status);

#ifdef __cplusplus
}
#endif

#endif
