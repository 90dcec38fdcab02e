import { propertiesOf } from '../pipeline/object-literal.ts';
import { isName, isPunctuator, tokensOf } from '../pipeline/tokens.ts';

/** The `name` in the literal given to `definePipeline` in this source text, if both are there as such. */
export function nameInFile(text: string): string | undefined {
  const tokens = tokensOf(text);
  for (let i = 0; i < tokens.length; i++) {
    if (!isName(tokens, i, 'definePipeline') || isPunctuator(tokens, i + 1, ',', '}')) continue;
    const open = tokens.findIndex((_, at) => at > i && isPunctuator(tokens, at, '{'));
    const name = open === -1 ? undefined : propertiesOf(tokens, open).get('name');
    const value = name && tokens[name.value];
    return value?.type === 'string' ? value.value : undefined;
  }
  return undefined;
}
