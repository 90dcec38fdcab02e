import { debugVariable } from '../config/environment.ts';
import { exitCodes } from '../core/exit-codes.ts';
import { readCommandLine, type Request } from './command-line.ts';
import type { Shell } from './shell.ts';
import { tellError } from './tell-error.ts';

/** Does what the arguments of `millrace` say; resolves to the exit code and never rejects. */
export async function main(argv: readonly string[], shell: Shell): Promise<number> {
  let request: Request | undefined;
  let code: number;
  try {
    request = await readCommandLine(argv, optionFlags);
    code = await obey(request, argv.length === 0, shell);
  } catch (error) {
    const isDebugging = argv.includes('--debug') || Boolean(shell.environment[debugVariable]);
    code = await tellError(error, shell, isDebugging);
  }
  // Nothing stops what the top level of a pipeline has started; everything that we had to say has been written.
  if (request?.do === 'run' && request.line.command.loadsPipeline(request.line)) shell.exit(code);
  return code;
}

async function obey(request: Request, isEmpty: boolean, shell: Shell): Promise<number> {
  if (request.do === 'run') return await request.line.command.run(request.line, shell);
  if (request.do === 'version') {
    const { version } = await import('./version.ts');
    await shell.out(`${version()}\n`);
    return exitCodes.ok;
  }
  const { helpText } = await import('./help.ts');
  const text = await helpText(request.of);
  if (!isEmpty) {
    await shell.out(text);
    return exitCodes.ok;
  }
  // No command was given.
  await shell.err(text);
  return exitCodes.usage;
}

async function optionFlags(): Promise<string[]> {
  const { options } = await import('../config/schema.ts');
  return options.map(({ flag }) => flag);
}
