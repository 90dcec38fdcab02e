import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ratios, type Comparison } from '../measure/comparison.ts';
import { spread } from '../measure/spread.ts';
import type { Surroundings } from './surroundings.ts';

/** The result of one case. */
export interface CaseResult extends Surroundings {
  case: string;
  rounds: number;
  scale: number;
  comparisons: Comparison[];
}

/** One file for each case: a new measurement replaces the old file. */
export function saveResult(directory: string, result: CaseResult): void {
  const comparisons = result.comparisons.map((comparison) => ({
    ...comparison,
    spread: {
      product: spreadOf(comparison.product),
      beside: spreadOf(comparison.beside?.values ?? []),
      ratio: spreadOf(ratios(comparison)),
    },
  }));
  mkdirSync(directory, { recursive: true });
  writeFileSync(
    join(directory, `${result.case}.json`),
    `${JSON.stringify({ ...result, comparisons }, undefined, 2)}\n`,
  );
}

/** None if there is no such directory. */
export function readResults(directory: string): CaseResult[] {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const files = names.filter((name) => name.endsWith('.json'));
  return files.map((name) => JSON.parse(readFileSync(join(directory, name), 'utf8')) as CaseResult);
}

function spreadOf(values: readonly number[]): ReturnType<typeof spread> | undefined {
  return values.length > 0 ? spread(values) : undefined;
}
