/** The types of options, as zod types whose errors say what was expected and what came. */
import * as z from 'zod/mini';
import { show } from '../core/show.ts';
import { formatBytes, formatDuration, parseBytes, parseDuration } from '../core/units.ts';

/** A type, with its description for lists of options. */
export interface OptionType<Type extends z.core.$ZodType = z.core.$ZodType> {
  type: Type;
  kind: 'count' | 'duration' | 'size' | 'choice' | 'directory' | 'names';
  /** The allowed values: `1 … 1000`, `100ms … 1d`, `full, normal`. */
  range: string;
}

type Count = OptionType<z.ZodMiniNumber<number>>;
type Quantity = OptionType<z.ZodMiniPipe<z.ZodMiniUnknown, z.ZodMiniTransform<number>>>;

/** A whole number. */
export function count(from: number, to: number): Count {
  const error = ({ input }: { input?: unknown }): string =>
    `expected a whole number from ${written(from)} to ${written(to)}, got ${show(input)}`;
  const type = z.number({ error }).check(z.int({ error }), z.gte(from, { error }), z.lte(to, { error }));
  return { kind: 'count', range: `${written(from)} … ${written(to)}`, type };
}

/** A whole number, or `auto`, for which the value is undefined: it is decided elsewhere. */
export function countOrAuto(from: number, to: number): OptionType<z.ZodMiniPipe<z.ZodMiniUnknown, AutoCount>> {
  const expected = `a whole number from ${written(from)} to ${written(to)}, or auto`;
  const read = z.transform((value: unknown, context) => {
    if (value === 'auto') return undefined;
    if (Number.isSafeInteger(value) && Number(value) >= from && Number(value) <= to) return Number(value);
    context.issues.push({ code: 'custom', message: `expected ${expected}, got ${show(value)}`, input: value });
    return z.NEVER;
  });
  return { kind: 'count', range: `${written(from)} … ${written(to)}, auto`, type: z.pipe(z.unknown(), read) };
}

type AutoCount = z.ZodMiniTransform<number | undefined>;

/** A number with commas. Not by toLocaleString, whose first call takes 15 ms. */
function written(number: number): string {
  return String(number).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}

/** Milliseconds; `from` and `to` as text. */
export function duration(from: string, to: string): Quantity {
  return quantity('duration', { from, to, parse: parseDuration, format: formatDuration });
}

/** Bytes; `from` and `to` as text. */
export function size(from: string, to: string): Quantity {
  return quantity('size', { from, to, parse: parseBytes, format: formatBytes });
}

interface Unit {
  from: string;
  to: string;
  parse: (value: unknown) => number;
  format: (value: number) => string;
}

function quantity(kind: 'duration' | 'size', { from, to, parse, format }: Unit): Quantity {
  const read = z.transform((value: unknown, context) => {
    try {
      const amount = parse(value);
      if (amount >= parse(from) && amount <= parse(to)) return amount;
      throw new TypeError(`expected a ${kind} from ${from} to ${to}, got ${format(amount)}`);
    } catch (error) {
      context.issues.push({ code: 'custom', message: (error as Error).message, input: value });
      return z.NEVER;
    }
  });
  return { kind, range: `${from} … ${to}`, type: z.pipe(z.unknown(), read) };
}

/** One of a few words. */
export function choice<const Words extends readonly [string, ...string[]]>(
  ...words: Words
): OptionType<z.ZodMiniEnum<{ [Word in Words[number]]: Word }>> {
  const list = words.join(', ');
  return {
    kind: 'choice',
    range: list,
    type: z.enum(words, { error: ({ input }) => `expected one of ${list}, got ${show(input)}` }),
  };
}

/** The path of a directory. */
export function directory(): OptionType<z.ZodMiniString<string>> {
  // The operating system would end the path at a NUL.
  const type = z.string({ error: notADirectory }).check(z.regex(/^[^\0]+$/, { error: notADirectory }));
  return { kind: 'directory', range: 'a path', type };
}

function notADirectory({ input }: { input?: unknown }): string {
  return `expected the path of a directory, got ${show(input)}`;
}

const mostNames = 100;
const longestName = 100;

/** A list of names, or a text with commas between them. */
export function names(): OptionType<z.ZodMiniPipe<z.ZodMiniUnknown, z.ZodMiniTransform<readonly string[]>>> {
  const expected = `names separated by commas; at most ${mostNames}, of at most ${longestName} characters`;
  const read = z.transform((value: unknown, context) => {
    const list: unknown[] = typeof value === 'string' ? value.split(',').map((name) => name.trim()) : [value].flat();
    const wrong = list.find((name) => !isName(name));
    if (list.length <= mostNames && list.every(isName)) return list;
    const got = list.length > mostNames ? String(list.length) : show(wrong);
    context.issues.push({ code: 'custom', message: `expected ${expected}, got ${got}`, input: value });
    return z.NEVER;
  });
  return { kind: 'names', range: 'names separated by commas', type: z.pipe(z.unknown(), read) };
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= longestName && /[^-_\s]/.test(value) && !/\p{Cc}/u.test(value);
}
