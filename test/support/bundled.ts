import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

/** Bundles sources into files that Node can run, within reach of the packages they need. */
export class Bundles {
  readonly #directory: string;

  constructor() {
    const cache = resolve('node_modules/.cache');
    mkdirSync(cache, { recursive: true });
    this.#directory = mkdtempSync(join(cache, 'millrace-test-'));
  }

  /** The file made of `entry`, a TypeScript file. Each is made of the sources as they are now: no build is needed. */
  make(entry: string): string {
    const file = join(this.#directory, `${basename(entry, '.ts')}.mjs`);
    // Not its JavaScript interface, which objects to the byte arrays of jest's realm.
    const args = ['--bundle', '--platform=node', '--format=esm', '--packages=external', '--log-level=error'];
    execFileSync(resolve('node_modules/.bin/esbuild'), [entry, ...args, `--outfile=${file}`]);
    return file;
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
