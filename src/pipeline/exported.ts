import { show } from '../core/show.ts';
import { isThenable } from '../core/thenable.ts';
import { isPipeline } from './define.ts';
import { isName, isPunctuator, type Token } from './tokens.ts';
import type { Pipeline } from './types.ts';

export type Exported =
  { status: 'pipeline'; pipeline: Pipeline } | { status: 'wrong'; line: number | undefined; message: string };

/** The pipeline among the exports of a file (as importFile gives them), or why there is none. */
export function exportedPipeline(exports: unknown, tokens: readonly Token[]): Exported {
  const named = Object(exports) as Readonly<Record<string, unknown>>;
  // CommonJS can export anything, text for instance.
  const value = named === exports ? named['default'] : exports;
  if (isPipeline(value)) return { status: 'pipeline', pipeline: value };
  const line = lineOfDefault(tokens);
  if (line !== undefined) {
    const message = `the default export is ${show(value)}; expected what definePipeline({ … }) returns${hint(value)}`;
    return { status: 'wrong', line, message };
  }
  const [name] = Object.entries(named).find(([, candidate]) => isPipeline(candidate)) ?? [];
  const message =
    name === undefined
      ? 'no default export; expected export default definePipeline({ … })'
      : `no default export, but a pipeline named "${name}": expected export default definePipeline({ … })`;
  return { status: 'wrong', line: name === undefined ? undefined : lineOfName(tokens, name), message };
}

function hint(value: unknown): string {
  if (typeof value === 'function') return ': export the pipeline itself, not a function';
  if (isThenable(value)) return ': await it';
  if (typeof value !== 'object' || value === null) return '';
  return 'source' in value && 'sink' in value ? ': wrap it in definePipeline' : '';
}

function lineOfDefault(tokens: readonly Token[]): number | undefined {
  const index = tokens.findIndex(
    (_, i) =>
      (isName(tokens, i, 'export') && isName(tokens, i + 1, 'default')) ||
      (isName(tokens, i, 'as') && isName(tokens, i + 1, 'default')) ||
      (isName(tokens, i, 'module') && isPunctuator(tokens, i + 1, '.') && isName(tokens, i + 2, 'exports')),
  );
  return tokens[index]?.line;
}

function lineOfName(tokens: readonly Token[], name: string): number | undefined {
  return tokens.find((_, i) => isName(tokens, i, name))?.line;
}
