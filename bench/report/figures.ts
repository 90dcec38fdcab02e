import { cells, titles, type Comparison } from '../measure/comparison.ts';
import { spread } from '../measure/spread.ts';
import type { Bar, BarPlot } from './plot.ts';
import type { CaseResult } from './results.ts';

/** The cases in the order in which they are shown, with their headings. */
const headings: Record<string, string> = {
  'hand-off': 'Hand-off',
  'exactly-once': 'Exactly once into SQLite',
  rows: 'Rows of files',
  peers: 'Compared with others',
  latency: 'Latency',
  limit: 'Limit',
  cpu: 'Processor',
  io: 'Calls',
  start: 'Start',
  recovery: 'Recovery',
  depth: 'A deep queue',
  load: 'Ten minutes of load',
};

/** Cases that get a chart: their figures in items per second. */
const pictures: Record<string, string> = {
  'hand-off':
    'items per second, blue: Millrace, spool synced at each commit; median, lowest to highest; longer is better',
  peers: '200-byte items per second, 2 consumers; median, lowest to highest; longer is better',
  depth: 'items per second through a queue of this depth; median, lowest to highest; longer is better',
};

const nothingYet =
  'There is no reference result here yet: on a machine to itself, `npm run bench` writes one to `bench/results/`, and\n' +
  '`npm run bench -- --write` puts it here.';

/** The results as Markdown; `plotFile` names a case's picture, as seen from the page. */
export function figures(results: readonly CaseResult[], plotFile: (name: string) => string): string {
  if (results.length === 0) return nothingYet;
  return inOrder(results)
    .map((result) => {
      const heading = headings[result.case] ?? result.case;
      const plot = plotOf(result) ? [`![${heading}](${plotFile(result.case)})`] : [];
      return [`### ${heading}`, ...plot, markdownTable(result.comparisons), provenance(result)].join('\n\n');
    })
    .join('\n\n');
}

/** A case's picture; undefined if it is not worth one. */
export function plotOf(result: CaseResult): BarPlot | undefined {
  const subtitle = pictures[result.case];
  if (subtitle === undefined) return undefined;
  const shown = result.comparisons.filter(({ unit, product }) => unit === 'items/s' && product.length > 0);
  const groups = result.case === 'peers' ? besideAll(shown) : shown.map(sideBySide);
  return { title: headings[result.case] ?? result.case, subtitle, groups };
}

function sideBySide({ what, product, beside }: Comparison): Bar[] {
  const own = { label: what.replace(/^(hand-off, |items\/s with )/, ''), isOurs: true, ...spread(product) };
  // Any other comparison is with one of our own figures, which already has a bar.
  if (beside?.name !== 'floor') return [own];
  return [own, { label: beside.name, isOurs: false, ...spread(beside.values) }];
}

/** First the products that keep items on disk, beginning with ours, then those that do not. */
function besideAll(comparisons: readonly Comparison[]): Bar[][] {
  const [first] = comparisons;
  if (!first) return [];
  const bars = (isInMemory: boolean): Bar[] =>
    comparisons.flatMap(({ beside }) => {
      if (!beside || beside.values.length === 0 || (beside.isInMemory ?? false) !== isInMemory) return [];
      const label = isInMemory ? `${beside.name} (in memory)` : beside.name;
      return [{ label, isOurs: false, ...spread(beside.values) }];
    });
  const ours = { label: 'Millrace', isOurs: true, ...spread(first.product) };
  return [[ours, ...bars(false)], bars(true)];
}

function inOrder(results: readonly CaseResult[]): CaseResult[] {
  const order = Object.keys(headings);
  return results.toSorted((a, b) => order.indexOf(a.case) - order.indexOf(b.case));
}

function markdownTable(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map(cells);
  // An empty column is left out.
  const columns = titles.map((_, i) => i).filter((i) => rows.some((row) => row[i] !== ''));
  const line = (row: readonly string[]): string =>
    `| ${columns.map((i) => row[i]!.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(titles), `|${columns.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}

function provenance({ at, commit, machine, versions, rounds }: CaseResult): string {
  const { cores, cpu, memoryGiB, system } = machine;
  const software = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `*${at.slice(0, 10)}, commit ${commit ?? 'unknown'}, ${rounds} rounds; ${cores} × ${cpu ?? 'unknown processor'},`,
    `${memoryGiB} GiB, ${system};`,
    `${software.join(', ')}.*`,
  ].join('\n');
}
