const quoted = `"(?:[^"\\\\]|\\\\.)*"|'(?:[^'\\\\]|\\\\.)*'`;
// Bounded, so that each search is linear in the length of the text.
const bracketed = String.raw`\[[^\]]{0,1000}\]|\{[^}]{0,1000}\}`;
const bare = String.raw`[^\s"',;&}]+`;

const secretKey =
  /pass(word|wd|phrase)?$|passwd|secret|token|authorization|cookie|credential|dsn$|api[-_ ]?key|private[-_ ]?key|access[-_ ]?key/i;

/** Names whose values are secrets: names that look like it, and names that were added (the option `redact`). */
export class SecretNames {
  readonly #added = new Set<string>();
  /** Finds an added name and its value in a text; undefined while no names were added. */
  #inText: RegExp | undefined;

  /** Case, `-`, `_` and spaces in a name do not matter. */
  add(names: readonly string[]): void {
    for (const name of names) this.#added.add(plain(name));
    this.#added.delete('');
    if (this.#added.size > 0) this.#inText = textRule([...this.#added]);
  }

  /** Whether `value` must be hidden because of its name. */
  hide(name: string, value: unknown): boolean {
    if (this.#added.has(plain(name))) return value !== undefined && value !== null;
    return secretKey.test(name) && isTelling(name, value);
  }

  /** `text` with `replacement` in place of the value after an added name and `:` or `=`. */
  replaceIn(text: string, replacement: string): string {
    return this.#inText ? text.replace(this.#inText, `$1${replacement}`) : text;
  }
}

/** Empty values, booleans and counts (`tokens: 5`) are not secrets. */
function isTelling(name: string, value: unknown): boolean {
  if (value === undefined || value === null || value === '' || typeof value === 'boolean') return false;
  return typeof value !== 'number' || !name.endsWith('s');
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_\s]/g, '');
}

function textRule(plainNames: readonly string[]): RegExp {
  const any = plainNames.map((name) => Array.from(name, escaped).join(String.raw`[-_ ]?`)).join('|');
  const before = String.raw`(?<![\p{L}\p{N}_-])((?:${any})["']?\s{0,3}[:=]\s{0,3})`;
  return new RegExp(String.raw`${before}(?!\[redacted\])(?:${quoted}|${bracketed}|${bare})`, 'giu');
}

function escaped(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/]/, String.raw`\$&`);
}
