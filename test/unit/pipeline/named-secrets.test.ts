import { describe, expect, it } from '@jest/globals';
import { noteSecrets } from '../../../src/pipeline/named-secrets.ts';
import { tokensOf } from '../../../src/pipeline/tokens.ts';
import { secret } from '../../../src/values/secret.ts';

function loaded(text: string, run: (named: typeof secret) => void = () => undefined) {
  const told: string[] = [];
  const named = noteSecrets({ secret, other: 1 }, (name) => told.push(name));
  const ours = (named.millrace as { secret: typeof secret }).secret;
  run(ours);
  return { names: named.close(tokensOf(text)), told, secret: ours };
}

describe('the secrets of a pipeline', () => {
  it('are those named while it loads, and those that its code names later', () => {
    const text = `import { definePipeline, secret as s, secret } from 'millrace';
      // secret('IN_A_COMMENT')
      export default definePipeline({ setup() { return secret('LATER').value() + vault.secret('ELSEWHERE'); } });`;
    const { names, told } = loaded(text, (named) => void named('AT_ONCE'));
    expect(names).toEqual(['AT_ONCE', 'LATER']);
    expect(told).toEqual(['AT_ONCE', 'LATER']);
  });

  it('do not include those of a user’s function with the same name', () => {
    expect(loaded(`import { secret } from './vault.ts'; secret('OURS');`).names).toEqual([]);
  });

  it('may be named again later, and another is refused with a suggestion', () => {
    const { secret: late } = loaded('', (named) => void named('KNOWN'));
    expect(late('KNOWN')).toBeDefined();
    expect(() => late('UNKNOWN')).toThrow(/UNKNOWN.*Name it at the top level of the pipeline file/);
  });
});
