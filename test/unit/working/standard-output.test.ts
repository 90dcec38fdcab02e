import { describe, expect, it } from '@jest/globals';
import { StandardOutput } from '../../../src/working/standard-output.ts';

describe('standard output', () => {
  it('confirms writes in order, and fails those that nothing reads any more', async () => {
    const sent: string[] = [];
    const output = new StandardOutput((bytes) => sent.push(bytes.toString()));
    const outcomes = ['a', 'b', 'c'].map(
      async (text) =>
        await output.write(Buffer.from(text)).then(
          () => `${text} written`,
          (error: unknown) => `${text}: ${(error as Error).message}`,
        ),
    );
    expect(sent).toEqual(['a', 'b', 'c']);
    output.written();
    output.written();
    output.giveUp();
    output.written();
    expect(await Promise.all(outcomes)).toEqual(['a written', 'b written', 'c: nobody reads standard output any more']);
  });
});
