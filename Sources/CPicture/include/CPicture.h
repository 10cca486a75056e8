/* Picture files through the libraries of their formats. Some of those report errors by longjmp, which must not cross a
   frame of Swift: jumps start and end here. Each function may run on several threads at once. */
#ifndef CPICTURE_H
#define CPICTURE_H

#include <stddef.h>
#include <stdint.h>

/* A function that returns anything else than CPICTURE_OK has left a sentence in `error` (of error_size bytes, always
   terminated), and nothing to free. */
enum {
  CPICTURE_OK = 0,
  CPICTURE_DAMAGED = -1,     /* not what its format wants, more than max_pixels pixels, or out of memory */
  CPICTURE_UNSUPPORTED = -2, /* a sound file, of a kind that is not read */
};

/* Writes `rgb` (height rows of width pixels of 3 bytes, top row first) as an 8-bit RGB PNG with text_count text chunks.
   Keys are Latin-1 of 1 to 79 bytes. The bytes of the file are for the caller to free with cpicture_free. */
int cpicture_encode_png(const uint8_t *rgb, uint32_t width, uint32_t height, const char *const *keys,
                        const char *const *values, int text_count, uint8_t **file, size_t *file_size, char *error,
                        size_t error_size);

/* Reads the first picture of a file as 8-bit RGB, top row first; what is transparent becomes black. Refuses more than
   max_pixels pixels before it takes memory for them. The pixels are for the caller to free with cpicture_free. */
typedef int cpicture_decoder(const uint8_t *file, size_t file_size, uint64_t max_pixels, uint8_t **rgb,
                             uint32_t *width, uint32_t *height, char *error, size_t error_size);

cpicture_decoder cpicture_decode_png;
cpicture_decoder cpicture_decode_jpeg; /* baseline and progressive; grey, YCbCr, RGB, CMYK */
cpicture_decoder cpicture_decode_jpeg2000; /* a codestream by itself or in a JP2 file; grey, RGB, YCbCr */
cpicture_decoder cpicture_decode_tiff;
cpicture_decoder cpicture_decode_webp; /* lossy and lossless, not animated */

void cpicture_free(void *memory);

#endif
