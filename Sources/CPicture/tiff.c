#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

#include "CPicture.h"
#include "pixels.h"

/* A file in memory, where libtiff stands in it, and where its errors go. */
struct reading {
  const uint8_t *file;
  uint64_t size, place;
  char *error;
  size_t error_size;
};

static tmsize_t read_bytes(thandle_t handle, void *bytes, tmsize_t count) {
  struct reading *reading = handle;
  uint64_t left = reading->place < reading->size ? reading->size - reading->place : 0;
  if (count < 0) return -1;
  if ((uint64_t)count > left) count = (tmsize_t)left;
  memcpy(bytes, reading->file + reading->place, (size_t)count);
  reading->place += (uint64_t)count;
  return count;
}

static tmsize_t refuse_to_write(thandle_t handle, void *bytes, tmsize_t count) {
  (void)handle, (void)bytes, (void)count;
  return -1;
}

static toff_t seek(thandle_t handle, toff_t offset, int origin) {
  struct reading *reading = handle;
  uint64_t start = origin == SEEK_CUR ? reading->place : origin == SEEK_END ? reading->size : 0;
  if (__builtin_add_overflow(start, offset, &reading->place)) reading->place = reading->size;
  /* Past the end there is nothing; read_bytes copies none from there. */
  if (reading->place > reading->size) reading->place = reading->size;
  return reading->place;
}

static int close_nothing(thandle_t handle) {
  (void)handle;
  return 0;
}

static toff_t size_of(thandle_t handle) { return ((struct reading *)handle)->size; }

/* Keeps the first error: later ones follow from it. */
static int note_error(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
  (void)tiff, (void)module;
  struct reading *reading = user;
  if (reading->error_size > 0 && !reading->error[0])
    vsnprintf(reading->error, reading->error_size, format, arguments);
  return 1;
}

static int ignore_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
  (void)tiff, (void)user, (void)module, (void)format, (void)arguments;
  return 1;
}

/* No more than a picture of 4 bytes a pixel needs, with room for the tables of a large file. */
static tmsize_t largest_allocation(uint64_t max_pixels) {
  uint64_t bytes = max_pixels <= INT64_MAX / 8 ? 4 * max_pixels + (1 << 20) : INT64_MAX;
  return bytes > INT64_MAX ? INT64_MAX : (tmsize_t)bytes;
}

static TIFF *open_in_memory(struct reading *reading, uint64_t max_pixels) {
  TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
  if (!options) return NULL;
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, largest_allocation(max_pixels));
  TIFFOpenOptionsSetErrorHandlerExtR(options, note_error, reading);
  TIFFOpenOptionsSetWarningHandlerExtR(options, ignore_warning, reading);
  /* m: not mapped, there are no pages to map. */
  TIFF *tiff = TIFFClientOpenExt("TIFF", "rm", reading, read_bytes, refuse_to_write, seek, close_nothing, size_of, NULL,
                                 NULL, options);
  TIFFOpenOptionsFree(options);
  return tiff;
}

static int read_all(TIFF *tiff, uint64_t max_pixels, uint8_t **rgb, uint32_t *width, uint32_t *height, char *error,
                    size_t error_size) {
  if (!TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, width) || !TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, height))
    return picture_fails(CPICTURE_DAMAGED, error, error_size, "the file states no size");
  int status = picture_check_size(*width, *height, max_pixels, error, error_size);
  if (status != CPICTURE_OK) return status;
  char reason[1024] = "";
  if (!TIFFRGBAImageOK(tiff, reason)) return picture_fails(CPICTURE_UNSUPPORTED, error, error_size, "%s", reason);
  uint32_t *raster = (uint32_t *)picture_allocate(*width, *height, sizeof *raster);
  if (!raster) return picture_fails(CPICTURE_DAMAGED, error, error_size, "out of memory");
  /* libtiff leaves what a damaged file does not say as it was. */
  memset(raster, 0, (size_t)*width * *height * sizeof *raster);
  if (!TIFFReadRGBAImageOriented(tiff, *width, *height, raster, ORIENTATION_TOPLEFT, 1)) {
    if (!error[0]) picture_fails(CPICTURE_DAMAGED, error, error_size, "damaged data");
    free(raster);
    return CPICTURE_DAMAGED;
  }
  /* Colors are already multiplied by their alpha, which is the pixel over black. In place: 3 bytes never pass 4. */
  uint8_t *pixels = (uint8_t *)raster;
  for (size_t i = 0; i < (size_t)*width * *height; i++) {
    uint32_t pixel;
    memcpy(&pixel, pixels + 4 * i, sizeof pixel);
    pixels[3 * i] = TIFFGetR(pixel);
    pixels[3 * i + 1] = TIFFGetG(pixel);
    pixels[3 * i + 2] = TIFFGetB(pixel);
  }
  *rgb = pixels;
  return CPICTURE_OK;
}

int cpicture_decode_tiff(const uint8_t *file, size_t file_size, uint64_t max_pixels, uint8_t **rgb, uint32_t *width,
                         uint32_t *height, char *error, size_t error_size) {
  struct reading reading = {file, file_size, 0, error, error_size};
  if (error_size > 0) error[0] = 0;
  TIFF *tiff = open_in_memory(&reading, max_pixels);
  if (!tiff) {
    if (error_size > 0 && !error[0]) picture_fails(CPICTURE_DAMAGED, error, error_size, "damaged data");
    return CPICTURE_DAMAGED;
  }
  int status = read_all(tiff, max_pixels, rgb, width, height, error, error_size);
  TIFFClose(tiff);
  return status;
}
