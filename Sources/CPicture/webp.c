#include <stdlib.h>
#include <webp/decode.h>

#include "CPicture.h"
#include "pixels.h"

static const char *sentence(VP8StatusCode status) {
  switch (status) {
    case VP8_STATUS_OUT_OF_MEMORY: return "out of memory";
    case VP8_STATUS_UNSUPPORTED_FEATURE: return "a feature that libwebp does not know";
    case VP8_STATUS_NOT_ENOUGH_DATA: return "the file ends too early";
    default: return "damaged data";
  }
}

int cpicture_decode_webp(const uint8_t *file, size_t file_size, uint64_t max_pixels, uint8_t **rgb, uint32_t *width,
                         uint32_t *height, char *error, size_t error_size) {
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config))
    return picture_fails(CPICTURE_UNSUPPORTED, error, error_size, "another libwebp than this was built with");
  VP8StatusCode code = WebPGetFeatures(file, file_size, &config.input);
  if (code != VP8_STATUS_OK) return picture_fails(CPICTURE_DAMAGED, error, error_size, "%s", sentence(code));
  if (config.input.has_animation)
    return picture_fails(CPICTURE_UNSUPPORTED, error, error_size, "expected one picture, found an animation");
  uint32_t columns = (uint32_t)config.input.width, rows = (uint32_t)config.input.height;
  int status = picture_check_size(columns, rows, max_pixels, error, error_size);
  if (status != CPICTURE_OK) return status;
  /* Decoded with each color times its alpha, which is the pixel over black; then the alphas are left out. */
  uint8_t *pixels = picture_allocate(columns, rows, 4);
  if (!pixels) return picture_fails(CPICTURE_DAMAGED, error, error_size, "out of memory");
  config.output.colorspace = MODE_rgbA;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = pixels;
  config.output.u.RGBA.stride = (int)(4 * columns);
  config.output.u.RGBA.size = (size_t)columns * rows * 4;
  code = WebPDecode(file, file_size, &config);
  WebPFreeDecBuffer(&config.output);
  if (code != VP8_STATUS_OK) {
    free(pixels);
    return picture_fails(CPICTURE_DAMAGED, error, error_size, "%s", sentence(code));
  }
  for (size_t i = 0; i < (size_t)columns * rows; i++)
    for (size_t c = 0; c < 3; c++) pixels[3 * i + c] = pixels[4 * i + c];
  *rgb = pixels;
  *width = columns;
  *height = rows;
  return CPICTURE_OK;
}
