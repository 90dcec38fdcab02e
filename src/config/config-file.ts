import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { formatBytes } from '../core/units.ts';
import type { Environment } from './environment.ts';
import type { YamlEntry } from './yaml.ts';

/** The content of a config file, not yet checked against the options. */
export interface ConfigFile {
  /** The path as it was given. */
  path: string;
  entries: readonly YamlEntry[];
  /** The problems of the file itself, each with its place. */
  problems: readonly string[];
}

export const configVariable = 'MILLRACE_CONFIG';

/** The config file to read, if there is one: from the flag `--config`, otherwise from the environment. */
export function configPath(flag: string | undefined, environment: Environment): string | undefined {
  // A variable that is set but empty is reported with the other problems.
  return flag ?? (environment[configVariable] || undefined);
}

/** Reads that file. Undefined if there is none. A relative path starts at `cwd`. */
export async function readNamedConfig(
  flag: string | undefined,
  { environment, cwd }: { environment: Environment; cwd: string },
): Promise<ConfigFile | undefined> {
  const path = configPath(flag, environment);
  return path === undefined ? undefined : await readConfigFile(resolve(cwd, path));
}

const maxBytes = 1024 * 1024;

/** Reads a YAML file of options. Its problems are returned, so that all problems can be shown at once. */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  const unreadable = (message: string): ConfigFile => ({ path, entries: [], problems: [`${path}: ${message}`] });
  let text;
  try {
    const kind = statSync(path);
    if (!kind.isFile())
      return unreadable(`expected a YAML file, got ${kind.isDirectory() ? 'a directory' : 'no file'}`);
    if (kind.size > maxBytes) return unreadable(`expected at most ${formatBytes(maxBytes)}, got ${kind.size} bytes`);
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return unreadable(code === 'ENOENT' ? 'no such config file' : `cannot be read: ${message}`);
  }
  // Most starts have no config file, and the library takes 10 ms to load.
  const { readYaml } = await import('./yaml.ts');
  const { entries, complaints } = readYaml(text);
  return {
    path,
    entries,
    problems: complaints.map(({ line, column, message }) => `${path}:${line}:${column}: ${message}`),
  };
}
