const lowest = -(2n ** 63n);

/** Whether an integer has at most 64 bits, so that a database can hold it. */
export function isInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}

/** The lowest integer of 64 bits, if `value` is lower. */
export function atLeastInt64(value: bigint): bigint {
  return value < lowest ? lowest : value;
}
