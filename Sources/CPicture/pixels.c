#include "pixels.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "CPicture.h"

int picture_fails(int status, char *error, size_t error_size, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(error, error_size, format, arguments);
  va_end(arguments);
  return status;
}

int picture_check_size(uint64_t width, uint64_t height, uint64_t max_pixels, char *error, size_t error_size) {
  if (width == 0 || height == 0)
    return picture_fails(CPICTURE_DAMAGED, error, error_size, "expected a pixel at least, found none");
  /* Divided, because the product may pass 64 bits. */
  if (width <= UINT32_MAX && height <= max_pixels / width) return CPICTURE_OK;
  return picture_fails(CPICTURE_DAMAGED, error, error_size, "expected at most %llu pixels, found %llu x %llu",
                       (unsigned long long)max_pixels, (unsigned long long)width, (unsigned long long)height);
}

uint8_t *picture_allocate(uint64_t width, uint64_t height, size_t count) {
  size_t bytes;
  if (__builtin_mul_overflow((size_t)width, (size_t)height, &bytes)) return NULL;
  if (__builtin_mul_overflow(bytes, count, &bytes)) return NULL;
  return malloc(bytes);
}

void cpicture_free(void *memory) { free(memory); }
