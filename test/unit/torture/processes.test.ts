import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { childrenOf, sendSignal } from '../../../src/torture/processes.ts';
import { until } from '../../support/until.ts';

describe('the children of a process', () => {
  it('are found by their title or by the file that they run as long as they live', async () => {
    const names = ['/dist/consumer.js', '/dist/producer.js', 'millrace mine: consumer 12', 'millrace mine: supervisor'];
    const children = names.map((name) => {
      const code = name.startsWith('/') ? '' : `process.title = ${JSON.stringify(name)};`;
      return spawn(process.execPath, ['-e', `${code} setInterval(() => {}, 1000)`, '--', name], { stdio: 'ignore' });
    });
    const ours = (): string[] =>
      childrenOf(process.pid)
        .filter(({ pid }) => children.some((child) => child.pid === pid))
        .map(({ role }) => role)
        .toSorted();
    await until(() => ours().length === 3);
    expect(ours()).toEqual(['consumer', 'consumer', 'producer']);
    for (const child of children) {
      const gone = once(child, 'exit');
      sendSignal(child.pid!, 'SIGKILL');
      await gone;
    }
    expect(ours()).toEqual([]);
    sendSignal(children[0]!.pid!, 'SIGKILL');
  });

  it.each([0, 1, -5, Number.NaN])('are not searched under the number %s, which would mean other processes', (pid) => {
    expect(() => sendSignal(pid, 'SIGKILL')).toThrow('expected the pid of a process');
  });
});
