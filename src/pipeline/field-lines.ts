import { propertiesOf } from './object-literal.ts';
import { isName, isPunctuator, type Token } from './tokens.ts';

/**
 * The line of the field that `path` leads to, in the object literal passed to `definePipeline` or in one that a field
 * passes to a function, as in `source: from.csv({ … })`. If the field is missing: the line of its nearest parent.
 * Undefined if the file has no such call.
 */
export function lineOfField(tokens: readonly Token[], path: readonly string[]): number | undefined {
  const call = callOfDefinePipeline(tokens);
  if (call === undefined) return undefined;
  let { line } = tokens[call.name]!;
  let open = call.argument;
  for (const name of path) {
    if (!isPunctuator(tokens, open, '{')) break;
    const property = propertiesOf(tokens, open).get(name);
    if (property === undefined) break;
    line = property.line;
    open = firstArgument(tokens, property.value);
  }
  return line;
}

function callOfDefinePipeline(tokens: readonly Token[]): { name: number; argument: number } | undefined {
  for (let name = 0; name < tokens.length; name++) {
    if (!isName(tokens, name, 'definePipeline')) continue;
    const parenthesis = afterTypeArguments(tokens, name + 1);
    if (isPunctuator(tokens, parenthesis, '(')) return { name, argument: parenthesis + 1 };
  }
  return undefined;
}

/** Where the first argument begins if the value at `index` is a call such as `from.csv(…)`; otherwise `index` itself. */
function firstArgument(tokens: readonly Token[], index: number): number {
  let end = index;
  while (tokens[end]?.type === 'name' && isPunctuator(tokens, end + 1, '.')) end += 2;
  if (tokens[end]?.type !== 'name') return index;
  const parenthesis = afterTypeArguments(tokens, end + 1);
  return isPunctuator(tokens, parenthesis, '(') ? parenthesis + 1 : index;
}

function afterTypeArguments(tokens: readonly Token[], index: number): number {
  if (!isPunctuator(tokens, index, '<')) return index;
  let depth = 0;
  for (let i = index; i < tokens.length; i++) {
    if (isPunctuator(tokens, i, '<')) depth++;
    else if (isPunctuator(tokens, i, '>', '>>', '>>>')) depth -= tokens[i]!.value.length;
    if (depth <= 0) return i + 1;
  }
  return tokens.length;
}
