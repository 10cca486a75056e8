/* PNG through libpng, whose errors are longjmps: those must not cross a frame of Swift, so they start and end here. */
#ifndef CPICTURE_H
#define CPICTURE_H

#include <stddef.h>
#include <stdint.h>

/* Every function returns 0, or -1 with a sentence in `error` (of error_size bytes, always terminated). */

/* Writes `rgb` (height rows of width pixels of 3 bytes, top row first) as an 8-bit RGB PNG with text_count text chunks.
   Keys are Latin-1 of 1 to 79 bytes. The bytes of the file are for the caller to free with cpicture_free. */
int cpicture_encode(const uint8_t *rgb, uint32_t width, uint32_t height, const char *const *keys,
                    const char *const *values, int text_count, uint8_t **file, size_t *file_size, char *error,
                    size_t error_size);

/* Reads a PNG of any kind as 8-bit RGB; what is transparent becomes black. Refuses more than max_pixels pixels.
   The pixels are for the caller to free with cpicture_free. */
int cpicture_decode(const uint8_t *file, size_t file_size, uint64_t max_pixels, uint8_t **rgb, uint32_t *width,
                    uint32_t *height, char *error, size_t error_size);

void cpicture_free(void *memory);

#endif
