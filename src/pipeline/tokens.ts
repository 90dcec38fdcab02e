import jsTokens from 'js-tokens';

/** A significant token; white space and comments are left out. */
export interface Token {
  type: 'name' | 'string' | 'punctuator' | 'other';
  /** As written; for a string, the text between the quotes. */
  value: string;
  /** Counted from 1. */
  line: number;
}

// The names that js-tokens uses. A template with substitutions counts as brackets around the substitutions.
const types: Readonly<Record<string, Token['type'] | undefined>> = {
  IdentifierName: 'name',
  StringLiteral: 'string',
  NoSubstitutionTemplate: 'string',
  Punctuator: 'punctuator',
  TemplateHead: 'punctuator',
  TemplateTail: 'punctuator',
  RegularExpressionLiteral: 'other',
  PrivateIdentifier: 'other',
  NumericLiteral: 'other',
  TemplateMiddle: 'other',
};

/** The tokens of JavaScript or TypeScript. Other text gives tokens as well, but less useful ones. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  for (const { type: kind, value } of jsTokens(text)) {
    const type = types[kind];
    if (type !== undefined) tokens.push({ type, value: valueOf(kind, value), line });
    line +=
      kind === 'IdentifierName' || kind === 'Punctuator' ? 0 : (value.match(/\r\n|[\n\r\u2028\u2029]/g)?.length ?? 0);
  }
  return tokens;
}

function valueOf(kind: string, value: string): string {
  if (kind === 'TemplateHead') return '${';
  if (kind === 'TemplateTail') return '}$';
  if (types[kind] === 'string') return value.slice(1, -1).replaceAll(/\\(.)/gs, '$1');
  return value;
}

const opening = new Set(['(', '[', '{', '${']);
const closing = new Set([')', ']', '}', '}$']);

/** Whether the token at `index` is the punctuator, or one of the punctuators, `value`. */
export function isPunctuator(tokens: readonly Token[], index: number, ...values: string[]): boolean {
  const token = tokens[index];
  return token?.type === 'punctuator' && values.includes(token.value);
}

/** Whether the token at `index` is one of the names `values`. */
export function isName(tokens: readonly Token[], index: number, ...values: string[]): boolean {
  const token = tokens[index];
  return token?.type === 'name' && values.includes(token.value);
}

/**
 * Where the part that begins at `index` ends: the index of the next comma or closing bracket outside any brackets that
 * are opened in between, or the number of tokens.
 */
export function endOfPart(tokens: readonly Token[], index: number): number {
  let depth = 0;
  for (let i = index; i < tokens.length; i++) {
    const { type, value } = tokens[i]!;
    if (type !== 'punctuator') continue;
    if (depth === 0 && (value === ',' || closing.has(value))) return i;
    if (opening.has(value)) depth++;
    else if (closing.has(value)) depth--;
  }
  return tokens.length;
}
