/* What the files of the product share: `product_plan.c` cuts it, `product_pack.c` packs its operands, `product.c` runs
 * it. */
#ifndef VECTOR_PRODUCT_PARTS_H
#define VECTOR_PRODUCT_PARTS_H

#include "product.h"
#include "sizes.h"

#pragma GCC visibility push(hidden)

/* Panels of B that are multiplied with a part of A at a time. */
enum { VECTOR_STRIPE = 4 };

/* Rows of A that are multiplied at a time, after they were packed if they are. */
size_t vector_row_part(const vector_product_plan *plan);

/* Blocks of C that workers take in turns. */
size_t vector_block_count(const vector_product_plan *plan);

static inline const float *vector_operand_at(const vector_operand *operand, size_t line, size_t depth) {
  return operand->data + (ptrdiff_t)line * operand->line_step + (ptrdiff_t)depth * operand->depth_step;
}

/* A part of an operand: lines from `row` or `column` on, and what a block along K that begins at `k` has of them. */
void vector_pack_a(const vector_product_plan *plan, float *panels, const vector_operand *a, size_t row, size_t rows,
                   size_t k);
void vector_pack_b(const vector_product_plan *plan, float *panels, const vector_operand *b, size_t column,
                   size_t columns, size_t k);

/* Panels `begin` ..< `end` of an A that is packed as a whole: a row of blocks along K, each with all its panels, so
 * that block k starts at (padded rows) * k. */
void vector_pack_row_panels(const vector_product_plan *plan, float *packed, const vector_operand *a, size_t begin,
                            size_t end);

#pragma GCC visibility pop
#endif
