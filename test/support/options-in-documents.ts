/** Lists of the options, made from the schema; a test compares them with the files that contain them. */
import { groups, type Option, options } from '../../src/config/schema.ts';

/** The table in the README. */
export function optionsTable(): string {
  const rows = options.map(
    ({ name, flag, defaultText, range, help }) =>
      `| \`${name}\` | \`--${flag}\` | ${defaultText} | ${range} | ${help} |`,
  );
  return ['| option | flag | default | values | what it is |', '|---|---|---|---|---|', ...rows].join('\n');
}

/** config/millrace.yaml: a line that begins with `#` and no space is an option with its default, commented out. */
export function configFileText(): string {
  return `${head}\n\n${sectionsOf(options, ({ name }) => `#${name}: `)}\n`;
}

/** The options in config/millrace.env, in the same way; the systemd unit names the queue's directory. */
export function environmentFileOptions(): string {
  const listed = options.filter(({ name }) => name !== 'state' && name !== 'stateRoot');
  return `${sectionsOf(listed, ({ environment }) => `#${environment}=`)}\n`;
}

const head = `# Options of Millrace: millrace run pipeline.ts --config millrace.yaml (or MILLRACE_CONFIG=millrace.yaml).
#
# Flags (--queue-high-items) and variables (MILLRACE_QUEUE_HIGH_ITEMS) override this file; it overrides the
# options of the pipeline. Durations are written 250ms, 60s, 5min, 2h or 1d, sizes 64KiB, 16MiB or 1GiB.
# To set an option, remove its #.`;

function sectionsOf(listed: readonly Option[], begin: (option: Option) => string): string {
  const sections = groups.map((group) => {
    const entries = listed.filter((option) => option.group === group).map((option) => entry(option, begin(option)));
    return [`# ── ${group} ${'─'.repeat(74 - group.length)}`, ...entries].join('\n\n');
  });
  return sections.join('\n\n');
}

function entry({ help, range, default: value }: Option, begin: string): string {
  const isComputed = typeof value === 'object';
  const note = isComputed ? `${range}; default: ${value.text}` : range;
  return `# ${help} (${note}).\n${begin}${isComputed ? value.example : value}`;
}
