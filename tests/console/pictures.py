"""Pictures of pages with a palette, which are a third as large as those that a browser makes."""

import base64
import struct
import zlib
from pathlib import Path

from playwright.sync_api import Page

COLOURS = 48
HEIGHT_MAX = 1000
_INDEXED = """
async ([png, most]) => {
  const bitmap = await createImageBitmap(await (await fetch("data:image/png;base64," + png)).blob());
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const pixels = context.getImageData(0, 0, bitmap.width, bitmap.height).data;
  const counts = new Map(), colours = [];
  for (let at = 0; at < pixels.length; at += 4) {
    const colour = (pixels[at] << 16) | (pixels[at + 1] << 8) | pixels[at + 2];
    colours.push(colour);
    counts.set(colour, (counts.get(colour) || 0) + 1);
  }
  const palette = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, most).map(([colour]) => colour);
  const parts = (colour) => [colour >> 16, (colour >> 8) & 255, colour & 255];
  const distance = (a, b) => parts(a).reduce((sum, part, at) => sum + (part - parts(b)[at]) ** 2, 0);
  const nearest = new Map();
  for (const colour of counts.keys()) {
    let best = 0;
    for (let at = 1; at < palette.length; at++)
      if (distance(colour, palette[at]) < distance(colour, palette[best])) best = at;
    nearest.set(colour, best);
  }
  const text = [];
  for (const colour of colours) text.push(String.fromCharCode(nearest.get(colour)));
  return { width: bitmap.width, height: bitmap.height, palette: palette.flatMap(parts), indexes: btoa(text.join("")) };
}
"""


def take(page: Page, path: Path, *, painter: Page) -> None:
    """A picture of the whole page, down to `HEIGHT_MAX`; `painter` is an empty page that may do anything."""
    height = min(page.evaluate("Math.ceil(document.getElementById('page').getBoundingClientRect().bottom)"), HEIGHT_MAX)
    size = page.viewport_size
    assert size is not None
    shot = page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": size["width"], "height": height})
    found = painter.evaluate(_INDEXED, [base64.b64encode(shot).decode(), COLOURS])
    path.write_bytes(_png(found["width"], found["height"], bytes(found["palette"]), base64.b64decode(found["indexes"])))


def _png(width: int, height: int, palette: bytes, indexes: bytes) -> bytes:
    rows = b"".join(b"\0" + indexes[row * width : (row + 1) * width] for row in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
