import { readNamedConfig } from '../config/config-file.ts';
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
  { environment, cwd }: Shell,
  pipeline: ConfigSources['pipeline'],
): Promise<ConfigSources> {
  const { config, ...given } = withoutOwn(flags);
  const file = await readNamedConfig(typeof config === 'string' ? config : undefined, { environment, cwd });
  return { flags: given, environment, file, pipeline, cwd };
}

/** Flags of commands that are not options. */
const own = ['debug', 'dry-run', 'yes'];

function withoutOwn(flags: CommandLine['flags']): CommandLine['flags'] {
  return Object.fromEntries(Object.entries(flags).filter(([name]) => !own.includes(name)));
}
