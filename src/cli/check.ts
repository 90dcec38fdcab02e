import type { Config } from '../config/resolve.ts';
import { options, type Option } from '../config/schema.ts';
import { stateDirectory } from '../config/state-directory.ts';
import { exitCodes } from '../core/exit-codes.ts';
import { formatBytes, formatDuration } from '../core/units.ts';
import { formatRate } from '../limits/rate.ts';
import { count, plural } from '../core/figures.ts';
import { printable } from '../observability/printable.ts';
import { shortPath } from '../observability/short-path.ts';
import type { PipelineDescription } from '../ipc/messages.ts';
import type { CommandLine } from './command.ts';
import { loadHere } from './load.ts';
import { readConfig } from './read-config.ts';
import type { Shell } from './shell.ts';

/** `millrace check`: what a run of this pipeline would be, or all that is wrong with it. */
export async function check(line: CommandLine, shell: Shell): Promise<number> {
  const { file, description } = await loadHere(line.operand!, shell);
  const { options: given, optionLines } = description;
  const config = await readConfig(line, shell, { file, options: given, optionLines });
  const { environment, folder } = shell;
  const { name } = description;
  const directory = stateDirectory({ settings: config.settings, environment, name, folder });
  for (const warning of config.warnings) await shell.err(`millrace: warning: ${warning}\n`);
  await shell.out(describe(file, description, config, shortPath(directory, folder)));
  return exitCodes.ok;
}

function describe(
  file: string,
  { name: pipeline, limits, deterministic, sink }: PipelineDescription,
  config: Config,
  state: string,
): string {
  const { consumers, concurrency } = config.settings;
  const rows = [
    [pipeline, file],
    ['slots', `${count(consumers * concurrency)} (${plural(consumers, 'consumer')} × ${count(concurrency)})`],
    [
      'source',
      deterministic
        ? 'goes on where it was: after a restart stored items are skipped'
        : 'may yield items twice after a restart (deterministic: false)',
    ],
    ...Object.entries(limits).map(([name, limit]) => ['limit', `${name}: ${limitText(limit)}`]),
    [
      'sink',
      `${sink.kind === sink.target ? sink.kind : `${sink.kind} ${sink.target}`}: ${sink.transactional ? 'exactly once' : 'at least once'}`,
    ],
    ['state', state],
    ...options.flatMap(({ name: option, kind }) => {
      const { source, place } = config.origins[option];
      return source === 'default' ? [] : [['option', `${option} ${shown(kind, config.settings[option])} (${place})`]];
    }),
  ];
  const width = Math.max(...rows.map(([label = '']) => label.length));
  return rows.map(([label = '', text = '']) => `${label.padEnd(width)}  ${printable(text)}\n`).join('');
}

function limitText({ concurrency, rate, lingerMs }: PipelineDescription['limits'][string]): string {
  const parts = [
    concurrency !== undefined && `${concurrency} at a time`,
    rate && formatRate(rate),
    lingerMs !== undefined && `permits of a process that has gone come back after ${formatDuration(lingerMs)}`,
  ];
  return parts.filter(Boolean).join(', ');
}

function shown(kind: Option['kind'], value: unknown): string {
  if (typeof value !== 'number') return [value].flat().join(', ');
  return kind === 'duration' ? formatDuration(value) : kind === 'size' ? formatBytes(value) : count(value);
}
