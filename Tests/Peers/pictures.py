"""Writes Tests/Golden/pictures: a small picture in each format, and pixels.tsv with what Pillow makes of the files.

    /path/to/python Tests/Peers/pictures.py Tests/Golden/pictures

Wants Pillow with its JPEG 2000, TIFF and WebP plugins. What is lossy is written with as little loss as the format has,
so that the pixels differ by what decoders may differ.
"""

import argparse
import pathlib

from PIL import Image

WIDTH, HEIGHT = 17, 11  # No multiple of a block, a tile or a padding.


def picture():
    image = Image.new("RGB", (WIDTH, HEIGHT))
    for y in range(HEIGHT):
        for x in range(WIDTH):
            image.putpixel((x, y), (15 * x, 23 * y, 255 - 7 * (x + y)))
    return image


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    image = picture()
    grey = image.convert("L")
    alpha = image.convert("RGBA")
    alpha.putalpha(Image.linear_gradient("L").resize((WIDTH, HEIGHT)))
    files = {
        "rgb.png": (image, {}),
        "rgb.jpg": (image, {"quality": 95}),
        "progressive.jpg": (image, {"quality": 95, "progressive": True, "subsampling": 0}),
        "grey.jpg": (grey, {"quality": 95}),
        "ink.jpg": (image.convert("CMYK"), {"quality": 95, "subsampling": 0}),
        "rgb.jp2": (image, {}),
        "rgb.j2k": (image, {"no_jp2": True}),
        "grey.jp2": (grey, {}),
        "alpha.jp2": (alpha, {}),
        "rgb.tif": (image, {}),
        "lzw.tif": (image, {"compression": "tiff_lzw"}),
        "palette.tif": (image.quantize(8), {}),
        "grey.tif": (grey, {}),
        "lossless.webp": (image, {"lossless": True}),
        "lossy.webp": (image, {"quality": 95}),
        "alpha.webp": (alpha, {"lossless": True, "exact": True}),
    }
    rows = []
    for name, (content, options) in files.items():
        content.save(folder / name, **options)
        decoded = Image.open(folder / name)
        if decoded.mode == "RGBA":
            decoded = Image.alpha_composite(Image.new("RGBA", decoded.size, (0, 0, 0, 255)), decoded)
        rows.append(f"{name}\t{WIDTH}\t{HEIGHT}\t{decoded.convert('RGB').tobytes().hex()}\n")
    (folder / "pixels.tsv").write_text("file\twidth\theight\tRGB\n" + "".join(rows))
    image.save(folder / "animated.webp", save_all=True, append_images=[image.rotate(180)], duration=100)


if __name__ == "__main__":
    main()
