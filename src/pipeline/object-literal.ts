import { endOfPart, isPunctuator, type Token } from './tokens.ts';

/** A property of an object literal. */
export interface Property {
  /** The line of its name. */
  line: number;
  /**
   * Index of the first token of its value. For a method, that is its parameter list; for a shorthand property, the name
   * itself.
   */
  value: number;
}

/** The named properties of the object literal whose `{` is at `open`. Spread and computed ones are left out. */
export function propertiesOf(tokens: readonly Token[], open: number): Map<string, Property> {
  const properties = new Map<string, Property>();
  let begin = open + 1;
  while (begin < tokens.length && !isPunctuator(tokens, begin, '}')) {
    const name = nameAt(tokens, begin);
    const token = tokens[name];
    if (token?.type === 'name' || token?.type === 'string') {
      const value = isPunctuator(tokens, name + 1, ':') ? name + 2 : isEnd(tokens, name + 1) ? name : name + 1;
      properties.set(token.value, { line: token.line, value });
    }
    const end = endOfPart(tokens, begin);
    if (!isPunctuator(tokens, end, ',')) break;
    begin = end + 1;
  }
  return properties;
}

/** Skips `async`, `get`, `set` and `*`. The words are themselves names if they are followed by what follows a name. */
function nameAt(tokens: readonly Token[], begin: number): number {
  let index = begin;
  while (isPunctuator(tokens, index, '*') || (isModifier(tokens[index]) && !isAfterName(tokens, index + 1))) index++;
  return index;
}

function isModifier(token: Token | undefined): boolean {
  return token?.type === 'name' && ['async', 'get', 'set'].includes(token.value);
}

function isAfterName(tokens: readonly Token[], index: number): boolean {
  return isPunctuator(tokens, index, ':', '(', '<') || isEnd(tokens, index);
}

function isEnd(tokens: readonly Token[], index: number): boolean {
  return index >= tokens.length || isPunctuator(tokens, index, ',', '}');
}
