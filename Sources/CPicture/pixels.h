/* What the decoders share. */
#ifndef PIXELS_H
#define PIXELS_H

#include <stddef.h>
#include <stdint.h>

/* Writes a sentence into `error` and returns `status`. */
int picture_fails(int status, char *error, size_t error_size, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Whether a size is one that may be decoded; writes a sentence if not. */
int picture_check_size(uint64_t width, uint64_t height, uint64_t max_pixels, char *error, size_t error_size);

/* Memory for `count` bytes for each of width x height pixels, which picture_check_size has let through; NULL when there
   is none. */
uint8_t *picture_allocate(uint64_t width, uint64_t height, size_t count);

#endif
