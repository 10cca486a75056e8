#include "strided_copy.h"

void vector_row_major(const int64_t *dims, int32_t rank, int64_t *strides) {
  int64_t stride = 1;
  for (int32_t axis = rank - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= dims[axis];
  }
}

bool vector_can_copy(int32_t element_type) { return oneiro_element_size(element_type) != 0; }

void vector_copy_simplify(vector_copy *copy) {
  int32_t rank = 0;
  for (int32_t axis = 0; axis < copy->rank; axis++) {
    int64_t extent = copy->dims[axis], stride = copy->strides[axis];
    if (extent == 1) continue;
    if (rank > 0 && copy->strides[rank - 1] == stride * extent) {
      copy->dims[rank - 1] *= extent;
      copy->strides[rank - 1] = stride;
    } else {
      copy->dims[rank] = extent;
      copy->strides[rank++] = stride;
    }
  }
  if (rank == 0) {
    copy->dims[0] = 1;
    copy->strides[0] = 1;
    rank = 1;
  }
  copy->rank = rank;
}

/* One row: `count` elements, `stride` apart. */
#define ROW(type)                                                                             \
  static void row_##type(void *to_, const void *from_, int64_t count, int64_t stride) {       \
    type *restrict to = to_;                                                                  \
    const type *restrict from = from_;                                                        \
    for (int64_t i = 0; i < count; i++) to[i] = from[i * stride];                             \
  }
/* A plane to[i][j] = from[i + j * stride], in squares that are read whole before they are written: every cache line is
 * then fetched once, also where the stride is such that the lines of a square would push each other out. */
enum { SIDE = 16 };
#define PLANE(type)                                                                                       \
  static void plane_##type(void *to_, const void *from_, int64_t rows, int64_t columns, int64_t stride) { \
    type *restrict to = to_;                                                                              \
    const type *restrict from = from_;                                                                    \
    type square[SIDE][SIDE];                                                                              \
    for (int64_t j0 = 0; j0 < columns; j0 += SIDE)                                                        \
      for (int64_t i0 = 0; i0 < rows; i0 += SIDE) {                                                       \
        const type *corner = from + i0 + j0 * stride;                                                     \
        type *into = to + i0 * columns + j0;                                                              \
        int64_t high = rows - i0, wide = columns - j0;                                                    \
        if (high >= SIDE && wide >= SIDE) {                                                               \
          for (int j = 0; j < SIDE; j++)                                                                  \
            for (int i = 0; i < SIDE; i++) square[j][i] = corner[i + j * stride];                         \
          for (int i = 0; i < SIDE; i++)                                                                  \
            for (int j = 0; j < SIDE; j++) into[i * columns + j] = square[j][i];                          \
        } else {                                                                                          \
          for (int64_t i = 0; i < high && i < SIDE; i++)                                                  \
            for (int64_t j = 0; j < wide && j < SIDE; j++) into[i * columns + j] = corner[i + j * stride]; \
        }                                                                                                 \
      }                                                                                                   \
  }
#define BOTH(type) ROW(type) PLANE(type)

/* The same of bytes, four columns of which are woven together first: then it is one of four bytes each. Cache lines are
 * written as a whole: those of rows that are a page apart would push each other out. */
static void woven_plane(uint8_t *to, const uint8_t *from, int64_t rows, int64_t columns, int64_t stride) {
  enum { ROWS = 64, LINE = 64, WOVEN = 4 };
  uint32_t quads[LINE / WOVEN][ROWS];
  for (int64_t j0 = 0; j0 < columns; j0 += LINE)
    for (int64_t i0 = 0; i0 < rows; i0 += ROWS) {
      const uint8_t *corner = from + i0 + j0 * stride;
      uint8_t *into = to + i0 * columns + j0;
      int64_t high = rows - i0 < ROWS ? rows - i0 : ROWS, wide = columns - j0 < LINE ? columns - j0 : LINE;
      int64_t whole = wide / WOVEN;
      for (int64_t quad = 0; quad < whole; quad++)
        vector_picked->interleave((uint8_t *)quads[quad], corner + quad * WOVEN * stride, (size_t)stride, (size_t)high,
                                  0);
      for (int64_t i = 0; i < high; i++, into += columns) {
        uint32_t line[LINE / WOVEN];
        for (int64_t quad = 0; quad < whole; quad++) line[quad] = quads[quad][i];
        memcpy(into, line, (size_t)whole * WOVEN);
        for (int64_t j = whole * WOVEN; j < wide; j++) into[j] = corner[i + j * stride];
      }
    }
}

#define BOTH(type) ROW(type) PLANE(type)
ROW(uint8_t) BOTH(uint16_t) BOTH(uint32_t) BOTH(uint64_t) BOTH(vector_element16)

typedef struct copy_job {
  const vector_copy *copy;
  char *to;
  const char *from;
  int32_t outer;           /* axes that the job walks over */
  int64_t inner_count;     /* elements written for each of their positions */
  int64_t first_rows;      /* rows of a plane that one item takes, for planes */
} copy_job;

static int64_t offset_of(const vector_copy *copy, int32_t outer, int64_t index) {
  int64_t offset = copy->start;
  for (int32_t axis = outer - 1; axis >= 0; axis--) {
    offset += index % copy->dims[axis] * copy->strides[axis];
    index /= copy->dims[axis];
  }
  return offset;
}

static void copy_rows(void *argument, size_t begin, size_t end) {
  const copy_job *job = argument;
  const vector_copy *copy = job->copy;
  size_t size = copy->element_size;
  int64_t count = copy->dims[copy->rank - 1], stride = copy->strides[copy->rank - 1];
  for (size_t index = begin; index < end; index++) {
    char *to = job->to + index * (size_t)count * size;
    const char *from = job->from + offset_of(copy, job->outer, (int64_t)index) * (int64_t)size;
    if (stride == 1) {
      memcpy(to, from, (size_t)count * size);
      continue;
    }
    switch (size) {
      case 1: row_uint8_t(to, from, count, stride); break;
      case 2: row_uint16_t(to, from, count, stride); break;
      case 4: row_uint32_t(to, from, count, stride); break;
      case 8: row_uint64_t(to, from, count, stride); break;
      default: row_vector_element16(to, from, count, stride); break;
    }
  }
}

static void copy_planes(void *argument, size_t begin, size_t end) {
  const copy_job *job = argument;
  const vector_copy *copy = job->copy;
  size_t size = copy->element_size;
  int64_t rows = copy->dims[copy->rank - 2], columns = copy->dims[copy->rank - 1];
  int64_t stride = copy->strides[copy->rank - 1], pieces = (rows + job->first_rows - 1) / job->first_rows;
  for (size_t index = begin; index < end; index++) {
    int64_t plane = (int64_t)index / pieces, row = (int64_t)index % pieces * job->first_rows;
    int64_t high = rows - row < job->first_rows ? rows - row : job->first_rows;
    char *to = job->to + (size_t)(plane * rows + row) * (size_t)columns * size;
    const char *from = job->from + (offset_of(copy, job->outer, plane) + row) * (int64_t)size;
    switch (size) {
      case 1: woven_plane((uint8_t *)to, (const uint8_t *)from, high, columns, stride); break;
      case 2: plane_uint16_t(to, from, high, columns, stride); break;
      case 4: plane_uint32_t(to, from, high, columns, stride); break;
      case 8: plane_uint64_t(to, from, high, columns, stride); break;
      default: plane_vector_element16(to, from, high, columns, stride); break;
    }
  }
}

void vector_copy_run(const oneiro_call *call, const vector_copy *copy, void *to, const void *from) {
  int32_t rank = copy->rank;
  int64_t total = vector_product(copy->dims, 0, rank);
  if (total == 0) return;
  if (rank == 1 && copy->strides[0] == 1) {
    vector_copy_bytes(call, to, (const char *)from + (size_t)copy->start * copy->element_size,
                      (size_t)total * copy->element_size);
    return;
  }
  copy_job job = {copy, to, from, rank - 1, copy->dims[rank - 1], 64};
  if (rank >= 2 && copy->strides[rank - 2] == 1 && copy->strides[rank - 1] > 1) {
    int64_t rows = copy->dims[rank - 2], pieces = (rows + job.first_rows - 1) / job.first_rows;
    job.outer = rank - 2;
    job.inner_count = rows * copy->dims[rank - 1];
    size_t items = (size_t)(total / job.inner_count * pieces);
    vector_parallel_ranges(call, items, (size_t)total / items, copy_planes, &job);
    return;
  }
  vector_parallel_ranges(call, (size_t)(total / job.inner_count), (size_t)job.inner_count, copy_rows, &job);
}

typedef struct bytes_job {
  char *to;
  const char *from;
} bytes_job;

static void copy_byte_range(void *argument, size_t begin, size_t end) {
  const bytes_job *job = argument;
  memcpy(job->to + begin, job->from + begin, end - begin);
}

void vector_copy_bytes(const oneiro_call *call, void *to, const void *from, size_t count) {
  if (count == 0 || to == from) return;
  /* A memcpy below a few hundred KB is faster than waking a second thread. */
  enum { WORTH_IT = 1 << 18 };
  bytes_job job = {to, from};
  if (count < WORTH_IT) copy_byte_range(&job, 0, count);
  else vector_parallel_ranges(call, count, 1, copy_byte_range, &job);
}
