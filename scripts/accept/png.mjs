// Square PNGs, as large as asked, with Node alone.

import { crc32, deflateSync, inflateSync } from "node:zlib";

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

// Undoes PNG's filters 0 to 4; `left`, `up` and `corner` are the bytes of the neighbours.
function predicted(filter, left, up, corner) {
  if (filter === 3) return (left + up) >> 1;
  if (filter !== 4) return [0, left, up][filter];
  const sum = left + up - corner;
  const [a, b, c] = [left, up, corner].map((value) => Math.abs(sum - value));
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

// The pixels of a PNG with 8 bits a channel, RGB or RGBA; `at(n)` is the RGB of the nth.
export function pixels(file) {
  const parts = [];
  for (let at = 8; at < file.length; at += 12 + file.readUInt32BE(at)) {
    if (file.toString("latin1", at + 4, at + 8) === "IDAT") parts.push(file.subarray(at + 8, at + 8 + file.readUInt32BE(at)));
  }
  const [width, height, step] = [file.readUInt32BE(16), file.readUInt32BE(20), file[25] === 6 ? 4 : 3];
  const packed = inflateSync(Buffer.concat(parts));
  const line = width * step;
  const plain = Buffer.alloc(line * height);
  for (let at = 0; at < plain.length; at += 1) {
    const [y, x] = [Math.floor(at / line), at % line];
    const left = x >= step ? plain[at - step] : 0;
    const up = y > 0 ? plain[at - line] : 0;
    const corner = x >= step && y > 0 ? plain[at - line - step] : 0;
    plain[at] = packed[y * (line + 1) + 1 + x] + predicted(packed[y * (line + 1)], left, up, corner);
  }
  return { at: (n) => [...plain.subarray(n * step, n * step + 3)] };
}
