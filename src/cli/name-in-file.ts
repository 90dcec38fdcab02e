import { propertiesOf } from '../pipeline/object-literal.ts';
import { isName, isPunctuator, tokensOf, type Token } from '../pipeline/tokens.ts';

/** The `name` in the literal given to `definePipeline` in this source text, if both are there as such. */
export function nameInFile(text: string): string | undefined {
  const tokens = tokensOf(text);
  const open = tokens.findIndex((_, i) => isArgument(tokens, i));
  const name = open === -1 ? undefined : propertiesOf(tokens, open).get('name');
  const value = name && tokens[name.value];
  return value?.type === 'string' ? value.value : undefined;
}

/** Whether the token at `index` is the `{` of `definePipeline({` or `definePipeline<…>({`. */
function isArgument(tokens: readonly Token[], index: number): boolean {
  if (!isPunctuator(tokens, index - 1, '(') || !isPunctuator(tokens, index, '{')) return false;
  if (isName(tokens, index - 2, 'definePipeline')) return true;
  if (!isPunctuator(tokens, index - 2, '>', '>>', '>>>')) return false;
  return tokens.slice(0, index).some((_, i) => isName(tokens, i, 'definePipeline') && isPunctuator(tokens, i + 1, '<'));
}
