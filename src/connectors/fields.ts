import { configError } from '../core/errors.ts';
import { isRecord } from '../core/is-record.ts';
import { didYouMean } from '../core/nearest.ts';
import { show } from '../core/show.ts';
import { parseBytes } from '../core/units.ts';

/** Checks a value. Throws a TypeError that says what was expected and what came. */
export type Check<Value> = (value: unknown) => Value;

/** Checks the options of a connector one by one, and reports everything that is wrong with them at once. */
export class Fields {
  readonly #connector: string;
  readonly #given: Readonly<Record<string, unknown>>;
  readonly #known = new Set<string>();
  readonly #problems: string[] = [];
  readonly #inner: { field: string; fields: Fields }[] = [];

  /** `connector`: the name that the user writes, such as `from.csv`. */
  constructor(connector: string, options: unknown) {
    this.#connector = connector;
    if (!isRecord(options)) this.#problems.push(`expected { … }, got ${show(options)}`);
    this.#given = isRecord(options) ? options : {};
  }

  /** The field's value, or `fallback` if it was not given or is wrong. */
  read<Value>(field: string, fallback: Value, check: Check<Value>): Value {
    this.#known.add(field);
    return this.#given[field] === undefined ? fallback : this.required(field, fallback, check);
  }

  /** The value of a field that must be given, or `fallback` if it is missing or wrong. */
  required<Value>(field: string, fallback: Value, check: Check<Value>): Value {
    this.#known.add(field);
    try {
      return check(this.#given[field]);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      this.#problems.push(`${field}: ${error.message}`);
      return fallback;
    }
  }

  /** Whether the field was given. */
  has(field: string): boolean {
    return this.#given[field] !== undefined;
  }

  /** The fields of the object in this field; undefined if it was not given. `done` reports their problems as well. */
  within(field: string): Fields | undefined {
    this.#known.add(field);
    if (!this.has(field)) return undefined;
    const fields = new Fields(this.#connector, this.#given[field]);
    this.#inner.push({ field, fields });
    return fields;
  }

  /** For problems that concern several fields. */
  problem(message: string): void {
    this.#problems.push(message);
  }

  /** Throws a configuration error if anything was wrong. Call it after reading all fields. */
  done(): void {
    const problems = this.#all();
    if (problems.length === 0) return;
    throw configError('SOURCE_OPTIONS', problems.map((problem) => `${this.#connector}: ${problem}`).join('\n'));
  }

  #all(): string[] {
    const known = [...this.#known];
    const unknown = Object.keys(this.#given)
      .filter((field) => !this.#known.has(field))
      .map((field) => `unknown field ${field}${didYouMean(field, known) || `; the options are ${known.join(', ')}`}`);
    const inner = this.#inner.flatMap(({ field, fields }) => fields.#all().map((problem) => `${field}: ${problem}`));
    return [...this.#problems, ...inner, ...unknown];
  }
}

export function expected(what: string, value: unknown): TypeError {
  return new TypeError(`expected ${what}, got ${show(value)}`);
}

export function text(value: unknown): string {
  if (typeof value !== 'string' || value === '') throw expected('text', value);
  return value;
}

export function oneOf<const Choice extends string>(...choices: readonly Choice[]): Check<Choice> {
  return (value) => {
    if (choices.includes(value as Choice)) return value as Choice;
    const near = typeof value === 'string' ? didYouMean(value, choices) : '';
    throw new TypeError(`expected ${choices.map(show).join(' or ')}, got ${show(value)}${near}`);
  };
}

export function listOf<Value>(what: string, check: Check<Value>): Check<readonly Value[]> {
  return (value) => {
    if (!Array.isArray(value)) throw expected(what, value);
    return value.map(check);
  };
}

export function bytes(value: unknown): number {
  const count = parseBytes(value);
  if (count < 1) throw expected('at least one byte', value);
  return count;
}
