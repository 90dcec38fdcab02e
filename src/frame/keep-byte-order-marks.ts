/*
 * To be imported before msgpackr. It makes its TextDecoder while it is loaded, and makes one that drops a byte order
 * mark from the beginning of a string: a text file read with its mark would reach the consumer without it.
 */
const Original = globalThis.TextDecoder;

globalThis.TextDecoder = class extends Original {
  constructor(encoding?: string, options?: { fatal?: boolean | undefined }) {
    super(encoding, { ...options, ignoreBOM: true });
  }
};

/** Puts back what everybody else expects. */
export function restoreTextDecoder(): void {
  globalThis.TextDecoder = Original;
}
