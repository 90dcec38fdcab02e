/**
 * Names whose values are secrets although they do not look like it: the option `redact`. One list for the whole
 * process, and not handed around: whoever was not given it would let secrets through.
 */
const names = new Set<string>();
let inText: RegExp | undefined;

const quoted = `"(?:[^"\\\\]|\\\\.)*"|'(?:[^'\\\\]|\\\\.)*'`;
// Bounded, so that a search stays linear in the length of the text.
const bracketed = String.raw`\[[^\]]{0,1000}\]|\{[^}]{0,1000}\}`;
const bare = String.raw`[^\s"',;&}]+`;

/** From now on what has one of these names is hidden as well. Case, `-`, `_` and spaces in a name do not matter. */
export function hideNames(more: readonly string[]): void {
  for (const name of more) names.add(plain(name));
  names.delete('');
  if (names.size > 0) inText = textRule([...names]);
}

const secretKey =
  /pass(word|wd|phrase)?$|passwd|secret|token|authorization|cookie|credential|dsn$|api[-_ ]?key|private[-_ ]?key|access[-_ ]?key/i;

/** Whether `value` must be hidden because of its key. */
export function isSecretKey(key: string, value: unknown): boolean {
  if (names.has(plain(key))) return value !== undefined && value !== null;
  return secretKey.test(key) && isTelling(key, value);
}

/** An empty value, a boolean and a count (`tokens: 5`) are no secrets. */
function isTelling(key: string, value: unknown): boolean {
  if (value === undefined || value === null || value === '' || typeof value === 'boolean') return false;
  return typeof value !== 'number' || !key.endsWith('s');
}

/** `text` with `replacement` for what stands behind such a name, `:` or `=`. */
export function replaceNamed(text: string, replacement: string): string {
  return inText ? text.replace(inText, `$1${replacement}`) : text;
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
