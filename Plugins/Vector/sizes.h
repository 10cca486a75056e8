/* What is computed of sizes everywhere. */
#ifndef VECTOR_SIZES_H
#define VECTOR_SIZES_H

#include <stddef.h>

static inline size_t round_up(size_t value, size_t step) { return (value + step - 1) / step * step; }
static inline size_t divide_up(size_t value, size_t step) { return step ? (value + step - 1) / step : 0; }
static inline size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static inline size_t larger(size_t a, size_t b) { return a > b ? a : b; }

#endif
