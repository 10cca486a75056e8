#include "CPicture.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pixels.h"

/* A file that grows in memory, and where its errors go. */
struct sink {
  uint8_t *bytes;
  size_t count, capacity;
  char *error;
  size_t error_size;
};

static void fail(png_structp png, png_const_charp message) {
  struct sink *sink = png_get_error_ptr(png);
  snprintf(sink->error, sink->error_size, "%s", message);
  png_longjmp(png, 1);
}

static void ignore_warning(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

static void append(png_structp png, png_bytep bytes, size_t count) {
  struct sink *sink = png_get_io_ptr(png);
  if (count > sink->capacity - sink->count) {
    size_t capacity = (sink->count + count) * 2;
    uint8_t *grown = capacity > sink->count ? realloc(sink->bytes, capacity) : NULL;
    if (!grown) png_error(png, "out of memory");
    sink->bytes = grown;
    sink->capacity = capacity;
  }
  memcpy(sink->bytes + sink->count, bytes, count);
  sink->count += count;
}

static void flush(png_structp png) { (void)png; }

/* The part that libpng may jump out of. It has no variable of its own that is read after a jump. */
static int write_all(png_structp png, png_infop info, const uint8_t *rgb, uint32_t width, uint32_t height,
                     png_textp text, int text_count) {
  if (setjmp(png_jmpbuf(png))) return -1;
  png_set_IHDR(png, info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  if (text_count > 0) png_set_text(png, info, text, text_count);
  png_write_info(png, info);
  for (uint32_t row = 0; row < height; row++) png_write_row(png, rgb + (size_t)row * width * 3);
  png_write_end(png, info);
  return 0;
}

int cpicture_encode_png(const uint8_t *rgb, uint32_t width, uint32_t height, const char *const *keys,
                        const char *const *values, int text_count, uint8_t **file, size_t *file_size, char *error,
                        size_t error_size) {
  struct sink sink = {.error = error, .error_size = error_size};
  int status = -1;
  snprintf(error, error_size, "out of memory");
  png_textp text = calloc((size_t)text_count + 1, sizeof *text);
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &sink, fail, ignore_warning);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (text && info) {
    for (int i = 0; i < text_count; i++) {
      text[i].compression = PNG_TEXT_COMPRESSION_NONE;
      text[i].key = (png_charp)keys[i];
      text[i].text = (png_charp)values[i];
      text[i].text_length = strlen(values[i]);
    }
    png_set_write_fn(png, &sink, append, flush);
    status = write_all(png, info, rgb, width, height, text, text_count);
  }
  if (png) png_destroy_write_struct(&png, &info);
  free(text);
  if (status != 0) {
    free(sink.bytes);
    return -1;
  }
  *file = sink.bytes;
  *file_size = sink.count;
  return 0;
}

int cpicture_decode_png(const uint8_t *file, size_t file_size, uint64_t max_pixels, uint8_t **rgb, uint32_t *width,
                        uint32_t *height, char *error, size_t error_size) {
  /* libpng's simplified interface keeps its jumps to itself. */
  png_image image = {.version = PNG_IMAGE_VERSION};
  if (!png_image_begin_read_from_memory(&image, file, file_size))
    return picture_fails(CPICTURE_DAMAGED, error, error_size, "%s", image.message);
  int status = picture_check_size(image.width, image.height, max_pixels, error, error_size);
  if (status != CPICTURE_OK) {
    png_image_free(&image);
    return status;
  }
  image.format = PNG_FORMAT_RGB;
  uint8_t *pixels = picture_allocate(image.width, image.height, 3);
  png_color black = {0, 0, 0};
  if (!pixels || !png_image_finish_read(&image, &black, pixels, 0, NULL)) {
    picture_fails(CPICTURE_DAMAGED, error, error_size, "%s", pixels ? image.message : "out of memory");
    png_image_free(&image);
    free(pixels);
    return CPICTURE_DAMAGED;
  }
  *rgb = pixels;
  *width = image.width;
  *height = image.height;
  return CPICTURE_OK;
}
