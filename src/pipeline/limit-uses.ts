import { propertiesOf } from './object-literal.ts';
import { endOfPart, isName, isPunctuator, type Token } from './tokens.ts';

/** A place where a limit is named. */
export interface LimitUse {
  name: string;
  line: number;
}

/**
 * The limits that a file names literally: `fetch(…, { limit: 'name' })` and `limit('name', …)`, also as methods of
 * `context` or `ctx`. A limit that is named in another way is checked when it is used. That is better than refusing a
 * file because of a call that is not ours, such as `mailbox.fetch('1:*', { limit: '10' })`.
 */
export function limitUses(tokens: readonly Token[]): LimitUse[] {
  const readers = [
    { name: 'fetch', namesIn: namedInOptions, isOwn: declares(tokens, 'fetch') },
    { name: 'limit', namesIn: namedFirst, isOwn: declares(tokens, 'limit') },
  ];
  return tokens.flatMap((_, i) => {
    if (!isPunctuator(tokens, i + 1, '(')) return [];
    const reader = readers.find(({ name }) => isName(tokens, i, name));
    // A function of that name that the file defines itself is not ours.
    return reader !== undefined && (isContexts(tokens, i) ?? !reader.isOwn) ? reader.namesIn(tokens, i + 1) : [];
  });
}

/** For a method: whether it belongs to the context. Undefined if it is not a method. */
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

/** Whether the name at `index` is in the braces of an import. */
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
