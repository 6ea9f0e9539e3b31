// Square PNGs, as large as asked, with Node alone.

import { crc32, deflateSync } from "node:zlib";

function chunk(name, data) {
  const typed = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const whole = Buffer.alloc(8 + typed.length);
  whole.writeUInt32BE(data.length, 0);
  typed.copy(whole, 4);
  whole.writeUInt32BE(crc32(typed), 4 + typed.length);
  return whole;
}

// `type` is PNG's: 2 for RGB, 6 for RGBA; `pixel(x, y)` the bytes of one.
function drawn(side, type, pixel) {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  head.set([8, type, 0, 0, 0], 8);
  const row = (y) => Buffer.from([0, ...Array.from({ length: side }, (_, x) => pixel(x, y)).flat()]);
  const pixels = deflateSync(Buffer.concat(Array.from({ length: side }, (_, y) => row(y))));
  const mark = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([mark, chunk("IHDR", head), chunk("IDAT", pixels), chunk("IEND", Buffer.alloc(0))]);
}

// One colour.
export function png(side) {
  return drawn(side, 2, () => [0x8a, 0x8a, 0x8a]);
}

// The area a mask lets change: a square in the middle.
export function inside(side, x, y) {
  return Math.min(x, y) >= side / 4 && Math.max(x, y) < (side * 3) / 4;
}

export function mask(side) {
  return drawn(side, 6, (x, y) => [0, 0, 0, inside(side, x, y) ? 0 : 255]);
}
