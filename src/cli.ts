import { main } from './cli/main.ts';
import { systemShell } from './cli/system-shell.ts';
import { keepCompiledCode } from './config/code-cache.ts';
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

process.exitCode = await main(argv, systemShell({ signals }));
