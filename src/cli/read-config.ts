import { resolve } from 'node:path';
import { configPath, readConfigFile } from '../config/config-file.ts';
import { resolveConfig, type Config, type ConfigSources } from '../config/resolve.ts';
import type { CommandLine } from './command-line.ts';
import type { Shell } from './shell.ts';

/** The configuration that a run with these flags would have. Throws as `resolveConfig` does. */
export async function readConfig(
  { flags }: CommandLine,
  { environment, folder }: Shell,
  pipeline: ConfigSources['pipeline'],
): Promise<Config> {
  const { config, debug: _, 'dry-run': __, ...given } = flags;
  const path = configPath(typeof config === 'string' ? config : undefined, environment);
  const file = path === undefined ? undefined : await readConfigFile(resolve(folder, path));
  return resolveConfig({ flags: given, environment, file, pipeline, folder });
}
