// Pictures made from nothing: small ones, large ones, and ones that are not what they say.

import * as zlib from 'node:zlib';

const u16 = (n) => Buffer.from([n & 255, n >> 8]);
const u32 = (n) => Buffer.from([n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]);

// Cut into blocks of at most 255 bytes, each behind its length (GIF89a, 15).
function blocks(bytes) {
  const parts = [];
  for (let at = 0; at < bytes.length; at += 255) {
    const block = bytes.subarray(at, at + 255);
    parts.push(Buffer.from([block.length]), block);
  }
  return Buffer.concat([...parts, Buffer.from([0])]);
}

// LZW that learns nothing: each pixel is a code of 8 bits, and a clear code comes before codes would grow.
function pixels(indices) {
  const clear = 128;
  const codes = [];
  indices.forEach((index, at) => {
    if (at % 100 === 0) codes.push(clear);
    codes.push(index);
  });
  codes.push(clear + 1);
  return Buffer.concat([Buffer.from([7]), blocks(Buffer.from(codes))]);
}

/**
 * A GIF that moves, for ever: `paint(x, y, frame)` gives a colour of the 128 of `palette`, whose members are [red, green, blue]. `comment`: so
 * many bytes that nobody sees, to make it large.
 */
export function gif({ width = 8, height = 8, frames = 2, delay = 10, paint = (x, y, frame) => (x + y + frame) % 2, palette = [[36, 96, 207], [255, 255, 255]], comment = 0 } = {}) {
  const colours = Buffer.alloc(128 * 3);
  palette.forEach((colour, i) => colours.set(colour, 3 * i));
  const parts = [Buffer.from('GIF89a'), u16(width), u16(height), Buffer.from([0b1111_0110, 0, 0]), colours,
    Buffer.from('\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00', 'latin1')];
  if (comment) parts.push(Buffer.from([0x21, 0xfe]), blocks(Buffer.alloc(comment, 'x')));
  for (let frame = 0; frame < frames; ++frame) {
    const indices = Array.from({ length: width * height }, (_, i) => paint(i % width, Math.floor(i / width), frame));
    parts.push(Buffer.from([0x21, 0xf9, 4, 0]), u16(delay), Buffer.from([0, 0]), Buffer.from([0x2c, 0, 0, 0, 0]), u16(width), u16(height), Buffer.from([0]), pixels(indices));
  }
  return Buffer.concat([...parts, Buffer.from([0x3b])]);
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data]);
  return Buffer.concat([u32(data.length), body, u32(crc(body))]);
}

// zlib.crc32() came with Node.js 22.
function crc(bytes) {
  if (zlib.crc32) return zlib.crc32(bytes);
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; ++bit) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return (sum ^ 0xffffffff) >>> 0;
}

/** A PNG in one colour; `claims`, where given, is the [width, height] that its head says in the place of its own. */
export function png({ width = 8, height = 8, colour = [95, 208, 141], claims = [width, height] } = {}) {
  const row = Buffer.concat([Buffer.from([0]), ...Array.from({ length: width }, () => Buffer.from(colour))]);
  const rows = Buffer.concat(Array.from({ length: height }, () => row));
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', Buffer.concat([u32(claims[0]), u32(claims[1]), Buffer.from([8, 2, 0, 0, 0])])),
    chunk('IDAT', zlib.deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
