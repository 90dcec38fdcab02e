import { describe, expect, it } from '@jest/globals';
import { figures, plotOf } from '../../../bench/report/figures.ts';
import type { CaseResult } from '../../../bench/report/results.ts';

const result: CaseResult = {
  case: 'latency',
  at: '2026-01-02T03:04:05.678Z',
  commit: 'abc1234',
  machine: { cores: 2, cpu: 'Some CPU', memoryGiB: 24, system: 'linux 6.1' },
  versions: { node: '20.20.2', sqlite: '3.50.0' },
  rounds: 5,
  scale: 1,
  comparisons: [
    {
      what: 'latency, p99',
      unit: 'ms',
      digits: 2,
      product: [1.5, 1, 2],
      beside: { name: 'floor', values: [1, 1, 1] },
    },
  ],
};

const peers: CaseResult = {
  ...result,
  case: 'peers',
  comparisons: [
    {
      what: 'hand-off vs. piscina',
      unit: 'items/s',
      digits: 0,
      product: [200],
      beside: { name: 'piscina', values: [20], note: '5.3.2; nothing is stored', isInMemory: true },
    },
    {
      what: 'hand-off vs. BullMQ',
      unit: 'items/s',
      digits: 0,
      product: [200],
      beside: { name: 'BullMQ', values: [], note: 'no redis-server | on the PATH' },
    },
  ],
};

describe('the figures of the page', () => {
  it('have a table for each case, and say what was measured, where and when', () => {
    expect(figures([result], () => '').split('\n')).toEqual([
      '### Latency',
      '',
      '| what | unit | Millrace | compared with | ratio, round by round |',
      '|---|---|---|---|---|',
      '| latency, p99 | ms | 1.50 (1.00–2.00) | 1.00 | 1.50 (1.00–2.00) × floor |',
      '',
      '*2026-01-02, commit abc1234, 5 rounds; 2 × Some CPU,',
      '24 GiB, linux 6.1;',
      'node 20.20.2, sqlite 3.50.0.*',
    ]);
  });

  it('have a chart where it is informative, in a fixed order', () => {
    const text = figures([result, peers], (name) => `plots/${name}.svg`);
    expect(text).toContain('![Compared with others](plots/peers.svg)');
    expect(text.indexOf('### Compared with others')).toBeLessThan(text.indexOf('### Latency'));
    expect(text).toContain('| BullMQ: not here |  | no redis-server \\| on the PATH |');
  });

  it('say so when there are no results', () => {
    expect(figures([], () => '')).toContain('no reference result');
  });
});

describe('the picture of the peers', () => {
  it('shows Millrace once, and all products that were measured; products that store nothing are in a separate group', () => {
    const labels = plotOf(peers)!.groups.map((group) => group.map(({ label }) => label));
    expect(labels).toEqual([['Millrace'], ['piscina (in memory)']]);
  });
});
