import { isName, isPunctuator, tokensOf, type Token } from './tokens.ts';
import { isSourceSpec } from '../sources/port.ts';
import type { Source } from './types.ts';

/** Facts about a source that its code shows without being run. */
export interface SourceFacts {
  /**
   * How it resumes after a restart. `unknown`: it passes its context on, so other code may call `checkpoint`. `not`: it
   * cannot be read twice.
   */
  resumes: 'by checkpoints' | 'by count' | 'unknown' | 'not';
  /** Its specification says so, or it has a loop without a condition and without an exit. */
  isEndless: boolean;
  /** How many items it has; undefined if that is not known. */
  items: number | undefined;
}

const ofSpec = { 'by cursor': 'by checkpoints', 'by count': 'by count', not: 'not' } as const;

/** Reads the specification or, if there is none, the source's own code, but not the functions that it calls. */
export function sourceFacts(source: Source<unknown>): SourceFacts {
  if (isSourceSpec(source)) {
    return { resumes: ofSpec[source.resumes], isEndless: source.endless ?? false, items: undefined };
  }
  if (typeof source !== 'function') {
    const { length, size } = source as { length?: unknown; size?: unknown };
    const items = [length, size].find((each) => typeof each === 'number');
    return { resumes: 'by count', isEndless: false, items };
  }
  const tokens = tokensOf(Function.prototype.toString.call(source));
  return { resumes: howItResumes(tokens), isEndless: hasEndlessLoop(tokens), items: undefined };
}

function howItResumes(tokens: readonly Token[]): SourceFacts['resumes'] {
  if (tokens.some((_, i) => isName(tokens, i, 'checkpoint'))) return 'by checkpoints';
  if (isNativeCode(tokens) || tokens.some((_, i) => isName(tokens, i, 'arguments'))) return 'unknown';
  const context = contextName(tokens);
  if (context === undefined) return 'by count';
  if (context === 'rest') return 'unknown';
  // The context is used as a whole, not only one of its fields.
  const isHandedOn = tokens.some(
    (token, i) =>
      i > context.index &&
      isName(tokens, i, context.name) &&
      token.type === 'name' &&
      !isPunctuator(tokens, i + 1, '.', '?.') &&
      !isPunctuator(tokens, i - 1, '.', '?.'),
  );
  return isHandedOn ? 'unknown' : 'by count';
}

/** The name of the first parameter; undefined if there is none or it is destructured; `rest` if that has a rest element. */
function contextName(tokens: readonly Token[]): { name: string; index: number } | 'rest' | undefined {
  const arrow = tokens.findIndex((_, i) => isPunctuator(tokens, i, '=>'));
  const open = tokens.findIndex((_, i) => isPunctuator(tokens, i, '('));
  // `context => …`
  if (arrow !== -1 && (open === -1 || open > arrow)) return { name: tokens[arrow - 1]!.value, index: arrow };
  const first = tokens[open + 1];
  if (first?.type === 'name') return { name: first.value, index: open + 1 };
  if (!isPunctuator(tokens, open + 1, '{')) return isPunctuator(tokens, open + 1, '...') ? 'rest' : undefined;
  const close = tokens.findIndex((_, i) => i > open + 1 && isPunctuator(tokens, i, '}'));
  return tokens.slice(open, close).some(({ value, type }) => type === 'punctuator' && value === '...')
    ? 'rest'
    : undefined;
}

function isNativeCode(tokens: readonly Token[]): boolean {
  return tokens.some((_, i) => isName(tokens, i, 'native') && isName(tokens, i + 1, 'code'));
}

function hasEndlessLoop(tokens: readonly Token[]): boolean {
  return tokens.some((_, i) => {
    const body = bodyOfEndless(tokens, i);
    if (body === undefined) return false;
    // A throw is not an intended end.
    return !tokens.slice(body, endOfBlock(tokens, body)).some((_token, j, part) => isName(part, j, 'break', 'return'));
  });
}

/** Where the body begins of `while (true)`, `while (1)` or `for (…; ; …)` at `index`. */
function bodyOfEndless(tokens: readonly Token[], index: number): number | undefined {
  if (!isPunctuator(tokens, index + 1, '(')) return undefined;
  if (isName(tokens, index, 'while')) {
    const isTrue = ['true', '1', '!0'].includes(
      tokens
        .slice(index + 2, closeOf(tokens, index + 1))
        .map(({ value }) => value)
        .join(''),
    );
    return isTrue ? closeOf(tokens, index + 1) + 1 : undefined;
  }
  if (!isName(tokens, index, 'for')) return undefined;
  const close = closeOf(tokens, index + 1);
  const hasNoCondition = tokens
    .slice(index + 1, close)
    .some((_, j, part) => isPunctuator(part, j, ';') && isPunctuator(part, j + 1, ';'));
  return hasNoCondition ? close + 1 : undefined;
}

function closeOf(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let i = open; i < tokens.length; i++) {
    if (isPunctuator(tokens, i, '(', '[', '{', '${')) depth++;
    if (isPunctuator(tokens, i, ')', ']', '}', '}$') && --depth === 0) return i;
  }
  return tokens.length;
}

function endOfBlock(tokens: readonly Token[], start: number): number {
  if (isPunctuator(tokens, start, '{')) return closeOf(tokens, start);
  const end = tokens.findIndex((_, i) => i > start && isPunctuator(tokens, i, ';'));
  return end === -1 ? tokens.length : end;
}
