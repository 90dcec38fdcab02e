import { propertiesOf } from './object-literal.ts';
import { endOfPart, isName, isPunctuator, type Token } from './tokens.ts';

/** A place where a limit is named. */
export interface LimitUse {
  name: string;
  line: number;
}

/**
 * The limits that a file names in so many words: `fetch(…, { limit: 'name' })`, also as a method of anything, and
 * `limit('name', …)`, also as a method of `context` or `ctx`. A limit named in another way is found when it is asked for.
 */
export function limitUses(tokens: readonly Token[]): LimitUse[] {
  // A file's own function of that name is none of ours.
  const isOwnLimit = declares(tokens, 'limit');
  const uses: LimitUse[] = [];
  for (let i = 0; i < tokens.length; i++) {
    if (!isPunctuator(tokens, i + 1, '(') || isName(tokens, i - 1, 'function')) continue;
    if (isName(tokens, i, 'fetch')) uses.push(...namedInOptions(tokens, i + 1));
    if (isName(tokens, i, 'limit') && (isContexts(tokens, i) ?? !isOwnLimit)) uses.push(...namedFirst(tokens, i + 1));
  }
  return uses;
}

/** For a method: whether it is one of the context; undefined if it is none. */
function isContexts(tokens: readonly Token[], index: number): boolean | undefined {
  if (!isPunctuator(tokens, index - 1, '.', '?.')) return undefined;
  const isBare = !isPunctuator(tokens, index - 3, '.', '?.');
  return isBare && isName(tokens, index - 2, 'context', 'ctx');
}

function namedFirst(tokens: readonly Token[], parenthesis: number): LimitUse[] {
  return isPunctuator(tokens, parenthesis + 2, ',', ')') ? named(tokens[parenthesis + 1]) : [];
}

function namedInOptions(tokens: readonly Token[], parenthesis: number): LimitUse[] {
  const uses: LimitUse[] = [];
  for (let begin = parenthesis + 1; begin < tokens.length; begin = endOfPart(tokens, begin) + 1) {
    if (isPunctuator(tokens, begin, '{')) {
      const value = propertiesOf(tokens, begin).get('limit')?.value;
      if (value !== undefined && isPunctuator(tokens, value + 1, ',', '}')) uses.push(...named(tokens[value]));
    }
    if (!isPunctuator(tokens, endOfPart(tokens, begin), ',')) break;
  }
  return uses;
}

function named(token: Token | undefined): LimitUse[] {
  return token?.type === 'string' ? [{ name: token.value, line: token.line }] : [];
}

function declares(tokens: readonly Token[], name: string): boolean {
  return tokens.some((_, i) => {
    if (!isName(tokens, i, name)) return false;
    return isName(tokens, i - 1, 'const', 'let', 'var', 'function', 'import', 'as') || isImported(tokens, i);
  });
}

/** Whether the name at `index` stands in the braces of an import. */
function isImported(tokens: readonly Token[], index: number): boolean {
  let begin = index;
  while (begin > 0 && !isPunctuator(tokens, begin, '{', '}', '(', ')', ';')) begin--;
  return (
    isPunctuator(tokens, begin, '{') && (isName(tokens, begin - 1, 'import') || isImportAfterDefault(tokens, begin))
  );
}

function isImportAfterDefault(tokens: readonly Token[], brace: number): boolean {
  return isPunctuator(tokens, brace - 1, ',') && isName(tokens, brace - 3, 'import');
}
