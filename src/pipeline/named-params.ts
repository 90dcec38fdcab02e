import { ownPlace } from '../core/stack.ts';
import { isParam, type ParamSpec } from '../values/param.ts';
import { isName, isPunctuator, type Token } from './tokens.ts';

export interface NamedParams {
  /** The exports that the pipeline file gets instead of the real ones. */
  millrace: object;
  /** The name of the variable that `file` keeps the param in; undefined if that is not known. */
  nameOf: (spec: ParamSpec<unknown>, file: string, tokens: readonly Token[]) => string | undefined;
}

/**
 * Remembers where each param was made. A param has no name until the pipeline declares it. If it is not declared,
 * errors use the name of the variable that holds it, which its author will recognise.
 */
export function noteParams(millrace: object): NamedParams {
  const { param } = millrace as { param?: Readonly<Record<string, (...args: unknown[]) => unknown>> };
  if (param === undefined) return { millrace, nameOf: () => undefined };
  const stacks = new Map<unknown, string | undefined>();
  const noting = Object.entries(param).map(([kind, make]) => {
    const makeAndNote = (...args: unknown[]): unknown => {
      const made = make(...args);
      if (isParam(made)) stacks.set(made, new Error(kind).stack);
      return made;
    };
    return [kind, makeAndNote] as const;
  });
  return {
    millrace: { ...millrace, param: Object.fromEntries(noting) },
    nameOf: (spec, file, tokens) => {
      const place = ownPlace(stacks.get(spec));
      return place?.file === file ? nameOnLine(tokens, place.line) : undefined;
    },
  };
}

/** The name in `const name = param.…` on this line, if there is one such name. */
function nameOnLine(tokens: readonly Token[], line: number): string | undefined {
  const names = tokens.flatMap(({ line: own }, i) => {
    const isVariable = isName(tokens, i - 3, 'const', 'let', 'var') && isPunctuator(tokens, i - 1, '=');
    return own === line && isName(tokens, i, 'param') && isVariable ? [tokens[i - 2]!.value] : [];
  });
  return names.length === 1 ? names[0] : undefined;
}
