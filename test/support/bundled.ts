import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

/** Bundles sources into files that Node can run, in a place where it finds the packages they need. */
export class Bundles {
  readonly #directory: string;

  constructor() {
    const cache = resolve('node_modules/.cache');
    mkdirSync(cache, { recursive: true });
    this.#directory = mkdtempSync(join(cache, 'millrace-test-'));
  }

  /** Bundles `entry`, a TypeScript file, from the current sources, so no build is needed. Returns the file. */
  make(entry: string): string {
    const file = join(this.#directory, `${basename(entry, '.ts')}.mjs`);
    // The program, because esbuild's JavaScript API refuses the byte arrays of jest's realm.
    const args = ['--bundle', '--platform=node', '--format=esm', '--packages=external', '--log-level=error'];
    execFileSync(resolve('node_modules/.bin/esbuild'), [entry, ...args, `--outfile=${file}`]);
    return file;
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
