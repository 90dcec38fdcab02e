/** Texts that list the options, made from the schema; a test compares them with the files that they stand in. */
import { groups, type Option, options } from './schema.ts';

/** The table of the README. */
export function optionsTable(): string {
  const rows = options.map(
    ({ name, flag, defaultText, range, help }) =>
      `| \`${name}\` | \`--${flag}\` | ${defaultText} | ${range} | ${help} |`,
  );
  return ['| option | flag | default | values | what it is |', '|---|---|---|---|---|', ...rows].join('\n');
}

/** config/millrace.yaml: a line that begins with `#` and no space is an option with its default, commented out. */
export function configFileText(): string {
  const sections = groups.map((group) => {
    const lines = options.filter((option) => option.group === group).map(configFileLines);
    return [`# ── ${group} ${'─'.repeat(74 - group.length)}`, ...lines].join('\n\n');
  });
  return `${[head, ...sections].join('\n\n')}\n`;
}

const head = `# Options of Millrace: millrace run pipeline.ts --config millrace.yaml (or MILLRACE_CONFIG=millrace.yaml).
#
# Flags (--queue-high-items) and variables (MILLRACE_QUEUE_HIGH_ITEMS) override what is said here; this overrides the
# options of the pipeline. Durations are written 250ms, 60s, 5min, 2h or 1d, sizes 64KiB, 16MiB or 1GiB.
# To set an option, remove its #.`;

function configFileLines({ name, help, range, default: value }: Option): string {
  const isComputed = typeof value === 'object';
  const note = isComputed ? `${range}; default: ${value.text}` : range;
  return `# ${help} (${note}).\n#${name}: ${isComputed ? value.example : value}`;
}
