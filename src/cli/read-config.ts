import { resolve } from 'node:path';
import { configPath, readConfigFile } from '../config/config-file.ts';
import { resolveConfig, type Config, type ConfigSources } from '../config/resolve.ts';
import type { CommandLine } from './command.ts';
import type { Shell } from './shell.ts';

/** The configuration that a run with these flags would have. Throws as `resolveConfig` does. */
export async function readConfig(
  line: CommandLine,
  shell: Shell,
  pipeline: ConfigSources['pipeline'],
): Promise<Config> {
  return resolveConfig(await configSources(line, shell, pipeline));
}

/** Where its options come from. */
export async function configSources(
  { flags }: CommandLine,
  { environment, folder }: Shell,
  pipeline: ConfigSources['pipeline'],
): Promise<ConfigSources> {
  const { config, ...given } = withoutOwn(flags);
  const path = configPath(typeof config === 'string' ? config : undefined, environment);
  const file = path === undefined ? undefined : await readConfigFile(resolve(folder, path));
  return { flags: given, environment, file, pipeline, folder };
}

/** Flags of commands that are not options. */
const own = ['debug', 'dry-run', 'yes'];

function withoutOwn(flags: CommandLine['flags']): CommandLine['flags'] {
  return Object.fromEntries(Object.entries(flags).filter(([name]) => !own.includes(name)));
}
