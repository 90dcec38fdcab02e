import yargs from 'yargs';
import { options } from '../config/schema.ts';
import { commands, type Command } from './commands.ts';

const columns = 80;

/** What `--help` shows: of one command, or of all. At most 80 columns wide. */
export async function helpText(command: Command | undefined): Promise<string> {
  const page = yargs([]).scriptName('millrace').locale('en').wrap(columns).help(false).version(false);
  return `${await (command === undefined ? overview(page) : details(page, command)).getHelp()}\n`;
}

type Page = ReturnType<typeof yargs>;

function overview(page: Page): Page {
  page.usage('millrace <command>\n\nOne producer, N consumers and the durable queue between them.');
  for (const { name, operand, summary } of commands) page.command(`${name} ${operand.text}`, summary);
  page.option('help', { describe: 'Show this, or the help of a command' });
  page.option('version', { describe: 'Show the version' });
  return page.epilogue('millrace <command> --help shows what a command takes.');
}

function details(page: Page, { name, summary, operand, flags, options: taken }: Command): Page {
  page.usage(`millrace ${name} ${operand.text} [options]\n\n${summary}.`);
  page.positional(operand.text.slice(1, -1), { describe: operand.help });
  for (const flag of flags)
    page.option(flagText(flag.name, flag.value), { describe: flag.help, group: `${flag.group}:` });
  if (taken === 'taken') page.epilogue('It takes the options of millrace run, too, and checks them.');
  if (taken !== 'listed') return page;
  for (const { flag, kind, range, group, help, defaultText, environment } of options) {
    const value = kind === 'choice' ? range.replaceAll(', ', '|') : kind;
    const describe = `${help} (default: ${defaultText}; ${environment})`;
    page.option(flagText(flag, value), { describe, group: `${group}:` });
  }
  return page.epilogue(
    [
      'The name in capitals is the environment variable for the same. Flags override the environment, which overrides',
      'the config file, which overrides the options in the pipeline.',
      'A duration: 250ms, 60s, 5min, 2h, 1d. A size: 64KiB, 16MiB, 1GiB.',
    ].join(' '),
  );
}

function flagText(name: string, value: string | undefined): string {
  return value === undefined ? name : `${name} <${value}>`;
}
