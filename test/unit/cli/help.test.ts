import { describe, expect, it } from '@jest/globals';
import type { Command } from '../../../src/cli/command.ts';
import { commands } from '../../../src/cli/commands.ts';
import { helpText } from '../../../src/cli/help.ts';
import { options } from '../../../src/config/schema.ts';

const run = commands.find(({ name }) => name === 'run')!;

/** The text without its line breaks. */
async function unbroken(command: Parameters<typeof helpText>[0]): Promise<string> {
  return (await helpText(command)).replaceAll(/\s+/g, ' ');
}

describe('the help', () => {
  it.each<[string, Parameters<typeof helpText>[0]]>([
    ['all commands', undefined],
    ['dead', 'dead'],
    ...commands.map((command): [string, Command] => [command.name, command]),
  ])('of %s fits 80 columns', async (_, of) => {
    const widths = (await helpText(of)).split('\n').map((line) => line.length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(80);
  });

  it('lists every command', async () => {
    const text = await unbroken(undefined);
    for (const { name, operand, takesSeqs, summary } of commands)
      expect(text).toContain(`millrace ${name} ${operand.text} ${takesSeqs ? '[seqs] ' : ''}${summary}`);
  });

  it('of the first word of several commands lists these commands', async () => {
    const text = await helpText('dead');
    expect(text).toMatch(/^millrace dead <command>\n/);
    const listed = [...text.matchAll(/^ {2}millrace ([a-z]+ [a-z]+)/gm)].map(([, name]) => name);
    expect(listed).toEqual(commands.map(({ name }) => name).filter((name) => name.startsWith('dead ')));
  });

  it.each(commands)('of $name lists each of its flags', async (command) => {
    const text = await unbroken(command);
    expect(text).toContain(`Positionals: ${command.operand.text.slice(1, -1)} ${command.operand.help}`);
    expect(text.includes(' seqs Numbers of dead letters')).toBe(command.takesSeqs);
    for (const { name, value, help } of command.flags) {
      expect(text).toContain(`--${name}${value === undefined ? '' : ` <${value}>`} ${help}`);
    }
  });

  it.each(options)(
    'of run shows --$flag with its default and its variable',
    async ({ flag, help, defaultText, environment, group }) => {
      const text = await unbroken(run);
      expect(text).toMatch(new RegExp(` ${group}: .*--${flag} <[^>]+> `));
      expect(text).toContain(`> ${help} (default: ${defaultText}; ${environment})`);
    },
  );
});
