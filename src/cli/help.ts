import yargs from 'yargs';
import { options } from '../config/schema.ts';
import type { Command } from './command.ts';
import { commands, commandsOf } from './commands.ts';

const columns = 80;

/**
 * What `--help` shows: for one command, for those that begin with the same word, or for all. At most 80 columns wide.
 */
export async function helpText(of: Command | string | undefined): Promise<string> {
  const page = yargs([]).scriptName('millrace').locale('en').wrap(columns).help(false).version(false);
  return `${await (typeof of === 'object' ? details(page, of) : overview(page, of)).getHelp()}\n`;
}

type Page = ReturnType<typeof yargs>;

function overview(page: Page, group: string | undefined): Page {
  const listed = group === undefined ? commands : commandsOf(group);
  const what = group === undefined ? '\n\nOne producer, N consumers and the durable queue between them.' : '';
  page.usage(`millrace ${group === undefined ? '' : `${group} `}<command>${what}`);
  for (const command of listed) page.command(`${command.name} ${operandsOf(command)}`, command.summary);
  page.option('help', { describe: 'Show this help, or that of a command' });
  if (group === undefined) page.option('version', { describe: 'Show the version' });
  return page.epilogue('Run millrace <command> --help for the options of a command.');
}

function operandsOf({ operand, takesSeqs }: Command): string {
  return takesSeqs ? `${operand.text} [seqs]` : operand.text;
}

function details(page: Page, command: Command): Page {
  const { name, summary, operand, takesSeqs, flags, options: taken } = command;
  page.usage(`millrace ${name} ${operandsOf(command)} [options]\n\n${summary}.`);
  page.positional(operand.text.slice(1, -1), { describe: operand.help });
  if (takesSeqs) page.positional('seqs', { describe: 'Numbers of dead letters, such as 3, 5-9 or 20-' });
  for (const flag of flags)
    page.option(flagText(flag.name, flag.value), { describe: flag.help, group: `${flag.group}:` });
  if (taken === 'taken') page.epilogue('Also accepts the options of millrace run, and checks them.');
  if (taken !== 'listed') return page;
  for (const { flag, kind, range, group, help, defaultText, environment } of options) {
    const value = kind === 'choice' ? range.replaceAll(', ', '|') : kind;
    const describe = `${help} (default: ${defaultText}; ${environment})`;
    page.option(flagText(flag, value), { describe, group: `${group}:` });
  }
  return page.epilogue(
    [
      'The name in capitals is the matching environment variable. Flags override the environment, which overrides',
      'the config file, which overrides the options in the pipeline.',
      'A duration: 250ms, 60s, 5min, 2h, 1d. A size: 64KiB, 16MiB, 1GiB.',
    ].join(' '),
  );
}

function flagText(name: string, value: string | undefined): string {
  return value === undefined ? name : `${name} <${value}>`;
}
