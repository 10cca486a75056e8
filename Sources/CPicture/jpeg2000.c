#include <stdlib.h>
#include <string.h>

#include <openjpeg.h>

#include "CPicture.h"
#include "pixels.h"

/* A file in memory, and where OpenJPEG stands in it. */
struct source {
  const uint8_t *file;
  size_t size, place;
};

static OPJ_SIZE_T read_bytes(void *bytes, OPJ_SIZE_T count, void *user) {
  struct source *source = user;
  size_t left = source->size - source->place;
  if (left == 0) return (OPJ_SIZE_T)-1;
  if (count > left) count = left;
  memcpy(bytes, source->file + source->place, count);
  source->place += count;
  return count;
}

static OPJ_OFF_T skip(OPJ_OFF_T count, void *user) {
  struct source *source = user;
  if (count < 0 || (uint64_t)count > source->size - source->place) return -1;
  source->place += (size_t)count;
  return count;
}

static OPJ_BOOL seek(OPJ_OFF_T place, void *user) {
  struct source *source = user;
  if (place < 0 || (uint64_t)place > source->size) return OPJ_FALSE;
  source->place = (size_t)place;
  return OPJ_TRUE;
}

struct sentence {
  char *text;
  size_t size;
};

/* Keeps the first error, without the line break that ends it: later ones follow from it. */
static void note_error(const char *message, void *user) {
  struct sentence *sentence = user;
  if (sentence->size == 0 || sentence->text[0]) return;
  picture_fails(0, sentence->text, sentence->size, "%s", message);
  sentence->text[strcspn(sentence->text, "\r\n")] = 0;
}

/* One sample of up to 31 bits, signed or not, in 8 bits. */
static int sample(const opj_image_comp_t *component, uint32_t x, uint32_t y) {
  /* A component may have every second sample only, as colors often have. */
  uint32_t column = x / component->dx, row = y / component->dy;
  if (column >= component->w) column = component->w - 1;
  if (row >= component->h) row = component->h - 1;
  int64_t value = component->data[(size_t)row * component->w + column];
  int64_t largest = ((int64_t)1 << component->prec) - 1;
  if (component->sgnd) value += (int64_t)1 << (component->prec - 1);
  value = value < 0 ? 0 : value > largest ? largest : value;
  return (int)(component->prec == 8 ? value : (value * 255 + largest / 2) / largest);
}

static uint8_t limited(double value) { return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value + 0.5); }

/* Components are grey, or red, green and blue, or luma and two differences of color (ITU-R BT.601); an alpha may follow. */
static void convert(const opj_image_t *image, uint8_t *pixels, uint32_t width, uint32_t height) {
  uint32_t colors = image->numcomps < 3 ? 1 : 3;
  int has_alpha = image->numcomps == colors + 1;
  int is_luma = image->color_space == OPJ_CLRSPC_SYCC && colors == 3;
  for (uint32_t y = 0; y < height; y++)
    for (uint32_t x = 0; x < width; x++) {
      uint8_t *pixel = pixels + ((size_t)y * width + x) * 3;
      int first = sample(&image->comps[0], x, y);
      if (colors == 1) {
        pixel[0] = pixel[1] = pixel[2] = (uint8_t)first;
      } else {
        int second = sample(&image->comps[1], x, y), third = sample(&image->comps[2], x, y);
        pixel[0] = is_luma ? limited(first + 1.402 * (third - 128)) : (uint8_t)first;
        pixel[1] = is_luma ? limited(first - 0.344136 * (second - 128) - 0.714136 * (third - 128)) : (uint8_t)second;
        pixel[2] = is_luma ? limited(first + 1.772 * (second - 128)) : (uint8_t)third;
      }
      if (has_alpha) {
        int alpha = sample(&image->comps[colors], x, y);
        for (int c = 0; c < 3; c++) pixel[c] = (uint8_t)((pixel[c] * alpha + 127) / 255);
      }
    }
}

/* Whether the components are such that `convert` can read them. */
static int check(const opj_image_t *image, int has_data, struct sentence *error) {
  if (image->numcomps < 1 || image->numcomps > 4)
    return picture_fails(CPICTURE_UNSUPPORTED, error->text, error->size, "expected from 1 to 4 components, found %u",
                         (unsigned)image->numcomps);
  if (image->color_space == OPJ_CLRSPC_CMYK || image->color_space == OPJ_CLRSPC_EYCC)
    return picture_fails(CPICTURE_UNSUPPORTED, error->text, error->size, "expected grey, RGB or YCbCr, found %s",
                         image->color_space == OPJ_CLRSPC_CMYK ? "CMYK" : "e-YCC");
  for (uint32_t i = 0; i < image->numcomps; i++) {
    const opj_image_comp_t *component = &image->comps[i];
    if (component->prec < 1 || component->prec > 31)
      return picture_fails(CPICTURE_UNSUPPORTED, error->text, error->size, "expected from 1 to 31 bits, found %u",
                           (unsigned)component->prec);
    if (component->dx < 1 || component->dy < 1 || (has_data && (!component->data || !component->w || !component->h)))
      return picture_fails(CPICTURE_DAMAGED, error->text, error->size, "component %u has no samples", (unsigned)i);
  }
  return CPICTURE_OK;
}

/* The columns of the color table of a JP2 file, 0 for none: in box `pclr`, behind two bytes, and before the pixels. OpenJPEG
 * makes a component of each column before anybody can look at them. */
static unsigned table_columns(const struct source *source) {
  for (size_t at = 0; at + 7 <= source->size; at++) {
    if (memcmp(source->file + at, "jp2c", 4) == 0) return 0;
    if (memcmp(source->file + at, "pclr", 4) == 0) return source->file[at + 6];
  }
  return 0;
}

static int read_all(opj_codec_t *codec, opj_stream_t *stream, opj_image_t **image, uint64_t max_pixels, uint8_t **rgb,
                    uint32_t *width, uint32_t *height, struct sentence *error) {
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  if (!opj_setup_decoder(codec, &parameters) || !opj_decoder_set_strict_mode(codec, OPJ_TRUE) ||
      !opj_read_header(stream, codec, image) || !*image)
    return CPICTURE_DAMAGED;
  opj_image_t *picture = *image;
  if (picture->x1 <= picture->x0 || picture->y1 <= picture->y0) return CPICTURE_DAMAGED;
  uint32_t columns = picture->x1 - picture->x0, rows = picture->y1 - picture->y0;
  int status = picture_check_size(columns, rows, max_pixels, error->text, error->size);
  if (status == CPICTURE_OK) status = check(picture, 0, error);
  if (status != CPICTURE_OK) return status;
  if (!opj_decode(codec, stream, picture) || !opj_end_decompress(codec, stream)) return CPICTURE_DAMAGED;
  /* Colors that a JP2 file keeps in a table have become components now. */
  status = check(picture, 1, error);
  if (status != CPICTURE_OK) return status;
  uint8_t *pixels = picture_allocate(columns, rows, 3);
  if (!pixels) return picture_fails(CPICTURE_DAMAGED, error->text, error->size, "out of memory");
  convert(picture, pixels, columns, rows);
  *rgb = pixels;
  *width = columns;
  *height = rows;
  return CPICTURE_OK;
}

int cpicture_decode_jpeg2000(const uint8_t *file, size_t file_size, uint64_t max_pixels, uint8_t **rgb,
                             uint32_t *width, uint32_t *height, char *error, size_t error_size) {
  struct source source = {file, file_size, 0};
  struct sentence sentence = {error, error_size};
  if (error_size > 0) error[0] = 0;
  unsigned columns = table_columns(&source);
  if (columns > 4)
    return picture_fails(CPICTURE_UNSUPPORTED, error, error_size, "expected a table of up to 4 columns, found %u", columns);
  int is_codestream = file_size >= 2 && file[0] == 0xFF && file[1] == 0x4F;
  opj_codec_t *codec = opj_create_decompress(is_codestream ? OPJ_CODEC_J2K : OPJ_CODEC_JP2);
  opj_stream_t *stream = opj_stream_create(1 << 16, OPJ_TRUE);
  opj_image_t *image = NULL;
  int status = CPICTURE_DAMAGED;
  if (codec && stream) {
    opj_set_error_handler(codec, note_error, &sentence);
    opj_stream_set_user_data(stream, &source, NULL);
    opj_stream_set_user_data_length(stream, file_size);
    opj_stream_set_read_function(stream, read_bytes);
    opj_stream_set_skip_function(stream, skip);
    opj_stream_set_seek_function(stream, seek);
    status = read_all(codec, stream, &image, max_pixels, rgb, width, height, &sentence);
  }
  if (image) opj_image_destroy(image);
  if (stream) opj_stream_destroy(stream);
  if (codec) opj_destroy_codec(codec);
  if (status != CPICTURE_OK && error_size > 0 && !error[0])
    picture_fails(status, error, error_size, codec && stream ? "damaged data" : "out of memory");
  return status;
}
