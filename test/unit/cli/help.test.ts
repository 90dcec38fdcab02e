import { describe, expect, it } from '@jest/globals';
import { commands } from '../../../src/cli/commands.ts';
import { helpText } from '../../../src/cli/help.ts';
import { options } from '../../../src/config/schema.ts';

const run = commands.find(({ name }) => name === 'run')!;

/** Without the breaks that fit it to the width. */
async function unbroken(command: Parameters<typeof helpText>[0]): Promise<string> {
  return (await helpText(command)).replaceAll(/\s+/g, ' ');
}

describe('the help', () => {
  it.each([undefined, ...commands])('of $name fits 80 columns', async (command) => {
    const widths = (await helpText(command)).split('\n').map((line) => line.length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(80);
  });

  it('lists every command', async () => {
    const text = await unbroken(undefined);
    for (const { name, operand, summary } of commands)
      expect(text).toContain(`millrace ${name} ${operand.text} ${summary}`);
  });

  it.each(commands)('of $name has each of its flags', async (command) => {
    const text = await unbroken(command);
    expect(text).toContain(command.operand.help);
    for (const { name, value, help } of command.flags) {
      expect(text).toContain(`--${name}${value === undefined ? '' : ` <${value}>`} ${help}`);
    }
  });

  it.each(options)(
    'of run has --$flag with its default and its variable',
    async ({ flag, help, defaultText, environment, group }) => {
      const text = await unbroken(run);
      expect(text).toMatch(new RegExp(` ${group}: .*--${flag} <[^>]+> `));
      expect(text).toContain(`> ${help} (default: ${defaultText}; ${environment})`);
    },
  );
});
