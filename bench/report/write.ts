import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { figures, plotOf } from './figures.ts';
import { barPlot } from './plot.ts';
import { readResults } from './results.ts';

const page = 'docs/performance.md';
const directory = 'bench/results';
const begin = '<!-- Written by npm run bench -- --write, from bench/results: -->';
const end = '<!-- End of what is written. -->';

/** Copies bench/results into the page, so that no figure is typed by hand. */
export function writeFigures(root: string): void {
  for (const [file, text] of writtenFiles(root)) {
    writeFileSync(join(root, file), text);
    console.log(`wrote ${file}`);
  }
}

/** The files that are made from bench/results, with their expected contents. */
export function writtenFiles(root: string): Map<string, string> {
  const results = readResults(join(root, directory));
  const text = figures(results, (name) => `../${directory}/${name}.svg`);
  const files = new Map([[page, withFigures(readFileSync(join(root, page), 'utf8'), text)]]);
  for (const result of results) {
    const plot = plotOf(result);
    if (plot) files.set(`${directory}/${result.case}.svg`, barPlot(plot));
  }
  return files;
}

/** The page with `text` between its two marks. */
function withFigures(markdown: string, text: string): string {
  const [from, to] = [markdown.indexOf(begin), markdown.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${page}: expected the lines "${begin}" and "${end}"`);
  return `${markdown.slice(0, from + begin.length)}\n\n${text}\n\n${markdown.slice(to)}`;
}
