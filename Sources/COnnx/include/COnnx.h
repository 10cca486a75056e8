/* The module COnnx: the messages of an ONNX file, and the scan that comes before unpacking one. */
#ifndef COnnx_h
#define COnnx_h

#include "onnx.pb-c.h"
#include "scan.h"

#endif
