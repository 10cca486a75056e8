#include "scan.h"

#include <assert.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

/* A message that is being walked. `seen` has a bit for every field of its type; no message of ONNX has 64. */
typedef struct {
  const ProtobufCMessageDescriptor *type;
  const uint8_t *end;
  uint64_t seen;
} open_message;

/* Reads one varint and moves `*at` behind it. Ten bytes hold 64 bits, of which the tenth carries one. */
static onnx_scan_status read_varint(const uint8_t **at, const uint8_t *end, uint64_t *value) {
  uint64_t bits = 0;
  for (unsigned i = 0; i < 10; i++) {
    if (*at == end) return ONNX_SCAN_TRUNCATED;
    uint8_t byte = *(*at)++;
    if (i == 9 && byte > 1) return ONNX_SCAN_BAD_VARINT;
    bits |= (uint64_t)(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      *value = bits;
      return ONNX_SCAN_OK;
    }
  }
  return ONNX_SCAN_BAD_VARINT;
}

/* As above, for tags and lengths: protobuf-c reads at most five bytes of these. */
static onnx_scan_status read_short_varint(const uint8_t **at, const uint8_t *end, uint64_t *value) {
  const uint8_t *start = *at;
  onnx_scan_status status = read_varint(at, end, value);
  return status == ONNX_SCAN_OK && *at - start > 5 ? ONNX_SCAN_BAD_VARINT : status;
}

/* The wire type of one element of `type`. */
static ProtobufCWireType wire_type_of(ProtobufCType type) {
  switch (type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
      return PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
      return PROTOBUF_C_WIRE_TYPE_32BIT;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
      return PROTOBUF_C_WIRE_TYPE_64BIT;
    default:
      return PROTOBUF_C_WIRE_TYPE_VARINT;
  }
}

/* A repeated number may come one by one or packed, whichever of the two the format's description asks for. */
static bool is_packed(const ProtobufCFieldDescriptor *field, ProtobufCWireType wire_type) {
  return field->label == PROTOBUF_C_LABEL_REPEATED && wire_type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED
         && wire_type_of(field->type) != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
}

static onnx_scan_status scan_packed(ProtobufCType type, const uint8_t *at, const uint8_t *end) {
  switch (wire_type_of(type)) {
    case PROTOBUF_C_WIRE_TYPE_32BIT:
      return (end - at) % 4 == 0 ? ONNX_SCAN_OK : ONNX_SCAN_BAD_PACKING;
    case PROTOBUF_C_WIRE_TYPE_64BIT:
      return (end - at) % 8 == 0 ? ONNX_SCAN_OK : ONNX_SCAN_BAD_PACKING;
    default:
      while (at < end) {
        uint64_t element;
        onnx_scan_status status = read_varint(&at, end, &element);
        if (status != ONNX_SCAN_OK) return status;
      }
      return ONNX_SCAN_OK;
  }
}

/* Moves `*at` behind a field's contents. For a length-delimited field, `*contents` is where they begin. */
static onnx_scan_status skip_contents(
    ProtobufCWireType wire_type, const uint8_t **at, const uint8_t *end, const uint8_t **contents) {
  uint64_t value;
  onnx_scan_status status;
  switch (wire_type) {
    case PROTOBUF_C_WIRE_TYPE_VARINT:
      return read_varint(at, end, &value);
    case PROTOBUF_C_WIRE_TYPE_64BIT:
    case PROTOBUF_C_WIRE_TYPE_32BIT:
      value = wire_type == PROTOBUF_C_WIRE_TYPE_32BIT ? 4 : 8;
      break;
    case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
      status = read_short_varint(at, end, &value);
      if (status != ONNX_SCAN_OK) return status;
      if (value > INT_MAX) return ONNX_SCAN_TOO_LONG;
      break;
    default:
      return ONNX_SCAN_BAD_WIRE_TYPE;
  }
  if (value > (uint64_t)(end - *at)) return ONNX_SCAN_TRUNCATED;
  *contents = *at;
  *at += value;
  return ONNX_SCAN_OK;
}

onnx_scan_result onnx_scan_depth(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t count) {
  open_message stack[ONNX_SCAN_MAX_DEPTH];
  size_t depth = 1, greatest_depth = 1;
  const uint8_t *at = bytes;
  stack[0] = (open_message){.type = type, .end = bytes + count};

  while (depth > 0) {
    open_message *message = &stack[depth - 1];
    assert(message->type->n_fields <= 64);
    if (at == message->end) {
      depth--;
      continue;
    }

    onnx_scan_result fault = {
        .offset = (size_t)(at - bytes), .depth = depth, .message = message->type->short_name, .field = NULL};
    uint64_t tag;
    fault.status = read_short_varint(&at, message->end, &tag);
    if (fault.status != ONNX_SCAN_OK) return fault;
    uint64_t number = tag >> 3;
    ProtobufCWireType wire_type = (ProtobufCWireType)(tag & 7);
    fault.status = ONNX_SCAN_BAD_TAG;
    if (number == 0 || number > (1u << 29) - 1) return fault;

    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(message->type, (unsigned)number);
    fault.field = field == NULL ? NULL : field->name;
    const uint8_t *contents = at;
    fault.status = skip_contents(wire_type, &at, message->end, &contents);
    if (fault.status != ONNX_SCAN_OK) return fault;
    if (field == NULL) continue;

    if (is_packed(field, wire_type)) {
      fault.status = scan_packed(field->type, contents, at);
      if (fault.status != ONNX_SCAN_OK) return fault;
      continue;
    }
    fault.status = ONNX_SCAN_BAD_WIRE_TYPE;
    if (wire_type != wire_type_of(field->type)) return fault;

    if (field->type == PROTOBUF_C_TYPE_STRING) {
      fault.status = ONNX_SCAN_ZERO_BYTE;
      if (memchr(contents, 0, (size_t)(at - contents)) != NULL) return fault;
    } else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
      uint64_t bit = (uint64_t)1 << (field - message->type->fields);
      fault.status = ONNX_SCAN_DUPLICATE;
      if (field->label != PROTOBUF_C_LABEL_REPEATED && (message->seen & bit) != 0) return fault;
      message->seen |= bit;

      fault.status = ONNX_SCAN_TOO_DEEP;
      if (depth == ONNX_SCAN_MAX_DEPTH) return fault;
      stack[depth++] = (open_message){.type = field->descriptor, .end = at};
      if (depth > greatest_depth) greatest_depth = depth;
      at = contents;
    }
  }
  return (onnx_scan_result){
      .status = ONNX_SCAN_OK, .offset = count, .depth = greatest_depth, .message = type->short_name, .field = NULL};
}

const char *onnx_scan_reason(onnx_scan_status status) {
  switch (status) {
    case ONNX_SCAN_OK: return "the message is well-formed";
    case ONNX_SCAN_TRUNCATED: return "the message ends in the middle of a field";
    case ONNX_SCAN_BAD_VARINT: return "an integer is longer than its field allows";
    case ONNX_SCAN_BAD_TAG: return "the field number is out of range";
    case ONNX_SCAN_BAD_WIRE_TYPE: return "the field has a wire type that does not fit it";
    case ONNX_SCAN_BAD_PACKING: return "the length of a packed list is no multiple of its element's";
    case ONNX_SCAN_TOO_LONG: return "the field is 2 GiB or longer";
    case ONNX_SCAN_TOO_DEEP: return "messages lie too deep inside each other";
    case ONNX_SCAN_DUPLICATE: return "a message field that may occur once occurs twice";
    case ONNX_SCAN_ZERO_BYTE: return "a string holds a zero byte";
  }
  return "unknown status";
}
