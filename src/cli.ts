import { keepCompiledCode } from './config/code-cache.ts';
import { exhausted } from './core/exhausted.ts';
import { watchTerminal } from './launching/hung-up.ts';
import { hasControllingTerminal, onSignals } from './launching/signals.ts';
import { userCacheDirectory } from './pipeline/cache-directory.ts';

const argv = process.argv.slice(2);
const letGoOfTerminal = watchTerminal();
process.on('exit', letGoOfTerminal);
// Comes first: until then a signal kills this process at once. That is right for other commands.
const isRun = argv.find((word) => !word.startsWith('-')) === 'run';
const signals = isRun ? onSignals({ hasTerminal: hasControllingTerminal(), onHangUp: letGoOfTerminal }) : undefined;

// Must come before the import of the commands, which are most of the code.
keepCompiledCode(userCacheDirectory());

try {
  // Node opens the files of the commands at the same time, which can exceed a low limit on open files.
  const [{ main }, { systemShell }] = await Promise.all([import('./cli/main.ts'), import('./cli/system-shell.ts')]);
  process.exitCode = await main(argv, systemShell({ signals }));
} catch (error) {
  const known = exhausted(error);
  if (!known) throw error;
  process.stderr.write(`millrace: ${known.message}\n`);
  process.exitCode = known.exitCode;
}
