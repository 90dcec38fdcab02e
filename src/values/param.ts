import type { ParamDescription, ParamType } from '../core/params.ts';

/** Marks params, across copies of the package. */
export const paramMark = Symbol.for('millrace.param');

/** Only for the compiler: no object has it. */
declare const paramValue: unique symbol;

/** A param that a pipeline declares. `Value` is what `context.params` has under its name. */
export interface ParamSpec<out Value> {
  readonly [paramMark]: ParamDescription;
  readonly [paramValue]?: { readonly value: Value };
}

/** Params by name. */
export type ParamSpecs = Readonly<Record<string, ParamSpec<unknown>>>;

/** The values of params, by name: the type of `context.params`. */
export type ParamsOf<Specs> = {
  readonly [Name in keyof Specs]: Specs[Name] extends ParamSpec<infer Value> ? Value : never;
};

export interface ParamOptions<Value> {
  /** The value when none is given. Without it, and without `optional`, a value must be given. */
  readonly default?: Value | undefined;
  /** No value need be given; the param is then undefined. */
  readonly optional?: true | undefined;
  /** One line of description, which `millrace check` shows. */
  readonly describe?: string | undefined;
}

interface ParamKind<Value> {
  <const Options extends ParamOptions<Value> = Record<never, never>>(
    options?: Options & ParamOptions<Value>,
  ): ParamSpec<Options extends { readonly optional: true } ? Value | undefined : Value>;
}

function kind<Value>(type: ParamType): ParamKind<Value> {
  const make = (options?: object): ParamSpec<unknown> => ({ [paramMark]: { ...options, type } });
  return make as ParamKind<Value>;
}

/**
 * Params of a pipeline: values that are given for each run, by `--param name=value`, `MILLRACE_PARAM_NAME` or `params`
 * in the config file. They are stored with the run and shown in its log, so do not use them for secrets; see `secret`.
 */
export const param: {
  readonly string: ParamKind<string>;
  readonly number: ParamKind<number>;
  /** A whole number. */
  readonly integer: ParamKind<number>;
  readonly boolean: ParamKind<boolean>;
  /** Text such as `2026-12-31`. */
  readonly date: ParamKind<string>;
  /** One of these texts. */
  readonly oneOf: <const Value extends string>(
    values: readonly Value[],
    options?: { readonly default?: NoInfer<Value> | undefined; readonly describe?: string | undefined },
  ) => ParamSpec<Value>;
} = {
  string: kind<string>('string'),
  number: kind<number>('number'),
  integer: kind<number>('integer'),
  boolean: kind<boolean>('boolean'),
  date: kind<string>('date'),
  oneOf: (values, options) => ({ [paramMark]: { ...options, type: 'oneOf', values } as ParamDescription }),
};

/** Whether `value` was made by `param`, of this copy of the package or of another one. */
export function isParam(value: unknown): value is ParamSpec<unknown> {
  return typeof value === 'object' && value !== null && paramMark in value;
}
