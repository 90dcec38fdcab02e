/**
 * How SQLite converts a value that is stored in a column (https://sqlite.org/datatype3.html#type_affinity):
 *
 * - `none`: nothing;
 * - `numeric` (INTEGER, NUMERIC): text that looks like a number becomes a number, whole numbers become integers;
 * - `real`: the same, and integers become floating-point numbers;
 * - `text`: numbers become text.
 */
export type Affinity = 'none' | 'numeric' | 'real' | 'text';

/** The affinity of a column declared with `type`. In a STRICT table, ANY converts nothing. */
export function affinityOf(type: string, isStrict: boolean): Affinity {
  const name = type.toUpperCase();
  if (isStrict && name === 'ANY') return 'none';
  if (name.includes('INT')) return 'numeric';
  if (/CHAR|CLOB|TEXT/.test(name)) return 'text';
  if (name === '' || name.includes('BLOB')) return 'none';
  return /REAL|FLOA|DOUB/.test(name) ? 'real' : 'numeric';
}

// SQLite stops reading at a NUL. The white space is that of its own isspace().
const number = /^[ \t-\r]*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?[ \t-\r]*(?:\0|$)/i;

const nine = 57;

/** Whether a column of affinity `numeric` or `real` stores `text` as a number. */
export function readsAsNumber(text: string): boolean {
  // A number starts with a character up to '9'. This rules out most text.
  return text.charCodeAt(0) <= nine && number.test(text);
}
