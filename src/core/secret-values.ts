/** The values of secrets, and their other forms: percent-encoded, in base64, inside JSON. */

import { isWellFormed } from './well-formed.ts';

/** A shorter value is part of too many ordinary words. */
const shortestHidden = 4;
/** The lines of a longer secret, such as a private key, may be shown one at a time. */
const shortestLine = 8;

/** Finds known values in texts. */
export class SecretValues {
  readonly #forms = new Set<string>();
  #inText: RegExp | undefined;

  add(values: readonly string[]): void {
    for (const value of values) for (const form of formsOf(value)) this.#forms.add(form);
    // The longest first, because one value may be the beginning of another.
    const forms = [...this.#forms].toSorted((a, b) => b.length - a.length);
    if (forms.length > 0) this.#inText = new RegExp(forms.map(escaped).join('|'), 'g');
  }

  /** `text` with `replacement` instead of each value. */
  replaceIn(text: string, replacement: string): string {
    return this.#inText ? text.replace(this.#inText, () => replacement) : text;
  }
}

function formsOf(value: string): string[] {
  const lines = value.split(/\r?\n/).filter((line) => line.length >= shortestLine);
  const plain = [value, ...(lines.length > 1 ? lines : [])].filter((text) => text.length >= shortestHidden);
  return plain
    .flatMap((text) => [text, JSON.stringify(text).slice(1, -1), ...percentForms(text), ...base64Forms(text)])
    .filter((form) => form.length >= shortestHidden);
}

function percentForms(text: string): string[] {
  if (!isWellFormed(text)) return [];
  const encoded = [
    encodeURIComponent(text),
    encodeURI(text),
    // The form in which HTML forms send it, and `new URL` writes user and password.
    new URLSearchParams({ x: text }).toString().slice(2),
    encodeURIComponent(text).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`),
  ];
  return encoded.flatMap((form) => [form, form.replaceAll(/%[\dA-F]{2}/g, (code) => code.toLowerCase())]);
}

/**
 * Base64 writes three bytes as four characters, so a value has three possible forms, depending on what precedes it, as
 * in `user:password`. The characters at both ends that also depend on the neighbours are left out.
 */
function base64Forms(text: string): string[] {
  const bytes = Buffer.from(text);
  return [0, 1, 2].flatMap((before) => {
    const all = Buffer.concat([Buffer.alloc(before), bytes]);
    const whole = all.toString('base64').replaceAll('=', '');
    const start = [0, 2, 3][before]!;
    const end = Math.floor((all.length * 8) / 6);
    const sure = whole.slice(start, end);
    // Too few characters of a short value are certain: they would be found in any base64.
    if (sure.length < 6) return [];
    const complete = before === 0 ? [whole] : [];
    return [sure, ...complete].flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]);
  });
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}
