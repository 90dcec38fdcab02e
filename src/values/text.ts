import type { ParamValue } from '../core/params.ts';
import { show } from '../core/show.ts';
import { isParam, type ParamSpec } from './param.ts';
import { isSecret, secretMark, type Secret } from './secret.ts';

/** Marks templates, across copies of the package. */
const textMark = Symbol.for('millrace.text');

type Part = string | number | Secret | Template | ParamSpec<string | number>;

/**
 * Text with params and secrets in it, made by the tag `text`. It becomes plain text when a source or sink is opened.
 */
export interface Template {
  readonly [textMark]: readonly Part[];
}

/** A field of a source or sink that is text, or becomes text when it is opened. */
export type Text = string | Secret | Template | ParamSpec<string>;

/**
 * Text with params and secrets in it, for fields of sources and sinks and for headers of `fetch`:
 * `` text`Bearer ${secret('API_TOKEN')}` ``. The values are filled in by the process that needs them, when it opens the source or
 * sink.
 */
export function text(parts: TemplateStringsArray, ...values: Part[]): Template {
  const wrong = values.findIndex((value) => !isPart(value));
  if (wrong !== -1)
    throw new TypeError(`text\`…\` takes text, numbers, params and secrets, got ${show(values[wrong])}`);
  const all = parts.flatMap((part, i) => (i < values.length ? [part, values[i]!] : [part]));
  return { [textMark]: all.filter((part) => part !== '') };
}

/** Whether `value` was made by the tag `text`, of this copy of the package or of another one. */
function isTemplate(value: unknown): value is Template {
  return typeof value === 'object' && value !== null && textMark in value;
}

/** Whether `value` can be used in a field that takes text. */
export function isText(value: unknown): value is Text {
  return typeof value === 'string' || isSecret(value) || isTemplate(value) || isParam(value);
}

function isPart(value: unknown): value is Part {
  return typeof value === 'number' || isText(value);
}

/** The text itself. `valueOf` gives the value of a param, and throws if there is none. */
export function textOf(value: Part, valueOf: (param: ParamSpec<unknown>) => ParamValue): string {
  if (isSecret(value)) return value.value();
  if (isTemplate(value)) return value[textMark].map((part) => textOf(part, valueOf)).join('');
  return String(isParam(value) ? valueOf(value) : value);
}

/** The text for people, with the names of params and secrets instead of their values, as in `{shelf}`. */
export function shownText(value: Part, nameOf: (param: ParamSpec<unknown>) => string): string {
  if (isSecret(value)) return `{secret ${value[secretMark]}}`;
  if (isTemplate(value)) return value[textMark].map((part) => shownText(part, nameOf)).join('');
  return isParam(value) ? `{${nameOf(value)}}` : String(value);
}

/** The params in it, if it is text. */
export function paramsIn(value: unknown): readonly ParamSpec<unknown>[] {
  if (isParam(value)) return [value];
  return isTemplate(value) ? value[textMark].flatMap(paramsIn) : [];
}

/** Whether there is a secret in it. */
export function hasSecret(value: unknown): boolean {
  return isSecret(value) || (isTemplate(value) && value[textMark].some(hasSecret));
}
