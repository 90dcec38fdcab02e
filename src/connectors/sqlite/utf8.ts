/** Whether `text` may stand for bytes that are not valid: decoding replaces such bytes by U+FFFD. */
export function mayBeInexact(text: string): boolean {
  return text.includes('\uFFFD');
}

/** Whether `bytes`, in an encoding that `PRAGMA encoding` names, are `text`. */
export function isExactText(text: string, bytes: Uint8Array | undefined, encoding: string): boolean {
  if (bytes === undefined) return false;
  try {
    return new TextDecoder(encoding.toLowerCase(), { fatal: true, ignoreBOM: true }).decode(bytes) === text;
  } catch {
    // They are not valid in this encoding.
    return false;
  }
}
