import { isPlainObject } from './plain-object.ts';

/** Describes the kind of `value` for messages. Never shows its content, which can be secret or long. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? 'a number' : String(value);
  if (typeof value === 'bigint') return 'a BigInt';
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'object') return `a ${typeof value}`;
  if (isPlainObject(value)) return 'a plain object';
  const { constructor } = value as { constructor?: { name?: unknown } };
  const name =
    typeof constructor?.name === 'string' && constructor.name !== '' ? constructor.name : 'an anonymous class';
  return name === 'Promise' ? 'a Promise (is an await missing?)' : `an instance of ${name}`;
}
