#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

#include <jerror.h>

#include "CPicture.h"
#include "pixels.h"

/* A progressive file may send every coefficient over and over in scans of a few bytes each, which would take hours. */
enum { MOST_SCANS = 500 };

/* What libjpeg is given, and where its errors go. */
struct reading {
  struct jpeg_error_mgr errors; /* first, as libjpeg knows it by its address */
  struct jpeg_progress_mgr progress;
  jmp_buf jump;
  uint8_t *pixels, *line; /* here, so that they are known after a jump */
  char *error;
  size_t error_size;
};

static struct reading *reading_of(j_common_ptr jpeg) { return (struct reading *)jpeg->err; }

static void fail(j_common_ptr jpeg) {
  struct reading *reading = reading_of(jpeg);
  char sentence[JMSG_LENGTH_MAX];
  jpeg->err->format_message(jpeg, sentence);
  picture_fails(CPICTURE_DAMAGED, reading->error, reading->error_size, "%s", sentence);
  longjmp(reading->jump, 1);
}

/* libjpeg warns and goes on with grey where data are damaged or missing; here that is an error. Other warnings are about
   what decoders put up with, such as bytes between markers. */
static void consider_warning(j_common_ptr jpeg, int level) {
  if (level >= 0) return;
  switch (jpeg->err->msg_code) {
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC: fail(jpeg);
  }
}

static void ignore_message(j_common_ptr jpeg) { (void)jpeg; }

static void limit_scans(j_common_ptr jpeg) {
  if (!jpeg->is_decompressor || ((j_decompress_ptr)jpeg)->input_scan_number <= MOST_SCANS) return;
  struct reading *reading = reading_of(jpeg);
  picture_fails(CPICTURE_DAMAGED, reading->error, reading->error_size, "expected at most %d scans, found more",
                MOST_SCANS);
  longjmp(reading->jump, 1);
}

/* One row of 4 inks as 3 colours, in place of what an ICC profile would say. Adobe's programs write ink as its absence. */
static void convert_inks(const uint8_t *inks, uint8_t *rgb, uint32_t width, int is_inverted) {
  for (uint32_t x = 0; x < width; x++) {
    unsigned black = is_inverted ? inks[4 * x + 3] : 255u - inks[4 * x + 3];
    for (int c = 0; c < 3; c++) {
      unsigned light = is_inverted ? inks[4 * x + c] : 255u - inks[4 * x + c];
      rgb[3 * x + c] = (uint8_t)((light * black + 127) / 255);
    }
  }
}

/* The part that libjpeg may jump out of. It has no variable of its own that is read after a jump. */
static int read_all(j_decompress_ptr jpeg, struct reading *reading, const uint8_t *file, size_t file_size,
                    uint64_t max_pixels) {
  if (setjmp(reading->jump)) return CPICTURE_DAMAGED;
  jpeg_create_decompress(jpeg);
  jpeg->progress = &reading->progress;
  jpeg_mem_src(jpeg, file, file_size);
  jpeg_read_header(jpeg, TRUE);
  int status = picture_check_size(jpeg->image_width, jpeg->image_height, max_pixels, reading->error,
                                  reading->error_size);
  if (status != CPICTURE_OK) return status;
  int is_ink = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
  jpeg->out_color_space = is_ink ? JCS_CMYK : JCS_RGB;
  jpeg_start_decompress(jpeg);
  reading->pixels = picture_allocate(jpeg->output_width, jpeg->output_height, 3);
  if (is_ink) reading->line = picture_allocate(jpeg->output_width, 1, 4);
  if (!reading->pixels || (is_ink && !reading->line))
    return picture_fails(CPICTURE_DAMAGED, reading->error, reading->error_size, "out of memory");
  while (jpeg->output_scanline < jpeg->output_height) {
    uint8_t *row = reading->pixels + (size_t)jpeg->output_scanline * jpeg->output_width * 3;
    jpeg_read_scanlines(jpeg, is_ink ? &reading->line : &row, 1);
    if (is_ink) convert_inks(reading->line, row, jpeg->output_width, jpeg->saw_Adobe_marker);
  }
  jpeg_finish_decompress(jpeg);
  return CPICTURE_OK;
}

int cpicture_decode_jpeg(const uint8_t *file, size_t file_size, uint64_t max_pixels, uint8_t **rgb, uint32_t *width,
                         uint32_t *height, char *error, size_t error_size) {
  struct reading reading = {.error = error, .error_size = error_size};
  struct jpeg_decompress_struct jpeg = {.err = jpeg_std_error(&reading.errors)};
  reading.errors.error_exit = fail;
  reading.errors.emit_message = consider_warning;
  reading.errors.output_message = ignore_message;
  reading.progress.progress_monitor = limit_scans;
  int status = read_all(&jpeg, &reading, file, file_size, max_pixels);
  *width = jpeg.output_width;
  *height = jpeg.output_height;
  jpeg_destroy_decompress(&jpeg);
  free(reading.line);
  if (status == CPICTURE_OK) *rgb = reading.pixels;
  else free(reading.pixels);
  return status;
}
