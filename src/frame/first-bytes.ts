/*
 * The first bytes of values, by MessagePack's own names (false and true, which cannot be names here, are
 * `no` and `yes`): https://github.com/msgpack/msgpack/blob/master/spec.md
 */

/** A text of up to 31 bytes; their number is added to this. */
export const fixstr = 0xa0;
export const nil = 0xc0;
export const no = 0xc2;
export const yes = 0xc3;
export const float32 = 0xca;
export const float64 = 0xcb;
export const uint8 = 0xcc;
export const uint16 = 0xcd;
export const uint32 = 0xce;
export const int8 = 0xd0;
export const int16 = 0xd1;
export const int32 = 0xd2;
export const int64 = 0xd3;
/** An extension type with one byte of data. Followed by two zeros, it is `undefined`. */
export const fixext1 = 0xd4;
export const str8 = 0xd9;
export const str16 = 0xda;
export const str32 = 0xdb;
/** From here on: integers from -32 to -1. */
export const negative = 0xe0;

/** A record: the number of its shape is added to this. An extension of msgpackr; in MessagePack, these bytes are integers. */
export const firstShape = 0x40;
