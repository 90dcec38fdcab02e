import { describe, expect, it } from '@jest/globals';
import { Controls } from '../../../src/service/controls.ts';
import { runInProgram } from '../../../src/service/in-program.ts';
import { ResultStream } from '../../../src/service/results.ts';

describe('an error that ends a service in a program', () => {
  it('shows no secret, not even in its stack', async () => {
    const config = '/no-such-directory/password=hunter2';
    const given = { controls: new Controls(), stream: new ResultStream<unknown>() };
    const error = (await runInProgram('a.ts', { config }, given).catch((thrown: unknown) => thrown)) as Error;
    expect(error.message).toContain('password=[redacted]');
    expect(error.stack).toContain('in-program.ts');
    expect(error.stack).not.toContain('hunter2');
  });
});
