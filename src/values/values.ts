/** The values of params and secrets for a run, in one process. */
import { configError } from '../core/errors.ts';
import type { ParamValues } from '../core/params.ts';
import type { ParamSpec, ParamSpecs } from './param.ts';
import { shownText, textOf, type Text } from './text.ts';

export interface Values {
  /** `context.params`. */
  readonly params: ParamValues;
  /** Fills params and secrets into a field. Throws if a value is missing. */
  readonly resolve: (text: Text) => string;
}

/** Joins the params that a pipeline declares with the values of its run. */
export function valuesOf(specs: ParamSpecs | undefined, params: ParamValues): Values {
  return {
    params: Object.freeze({ ...params }),
    resolve: (text) =>
      textOf(text, (spec) => {
        const name = nameOf(specs, spec);
        if (name === undefined) throw configError('PARAM', 'a param is used that the pipeline does not list in params');
        const value = params[name];
        if (value === undefined) throw configError('PARAM', `param ${name} has no value, and a field needs it`);
        return value;
      }),
  };
}

/** A field as it is shown to people, with the names of params and secrets instead of their values. */
export function shown(specs: ParamSpecs | undefined, text: Text): string {
  return shownText(text, (spec) => nameOf(specs, spec) ?? 'param');
}

/** The name under which a pipeline lists the param. */
function nameOf(specs: ParamSpecs | undefined, spec: ParamSpec<unknown>): string | undefined {
  return Object.keys(specs ?? {}).find((name) => specs![name] === spec);
}
