/** A project with the package that `npm pack` makes. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';

interface Manifest {
  bin: { millrace: string };
  exports: { '.': Record<string, string> };
  dependencies: Record<string, string>;
}

/**
 * Installs the package in `project` as `npm install` of its tarball would, but with the dependencies installed here.
 * The tarball is written to `directory`.
 */
export function installPacked(project: string, directory: string): Manifest {
  const installed = path.join(project, 'node_modules/millrace');
  mkdirSync(installed, { recursive: true });
  const packed = spawnSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', directory]);
  const [tarball] = readdirSync(directory).filter((name) => name.endsWith('.tgz'));
  if (packed.status !== 0 || tarball === undefined) throw new Error(`npm pack failed: ${packed.stderr.toString()}`);
  spawnSync('tar', ['-xzf', path.join(directory, tarball), '--strip-components=1', '-C', installed]);
  const manifest = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8')) as Manifest;
  for (const name of Object.keys(manifest.dependencies)) {
    const link = path.join(project, 'node_modules', name);
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync(path.resolve('node_modules', name), link);
  }
  return manifest;
}
