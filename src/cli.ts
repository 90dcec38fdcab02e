import { main } from './cli/main.ts';
import { systemShell } from './cli/system-shell.ts';
import { keepCompiledCode } from './config/code-cache.ts';
import { watchTerminal } from './launching/hung-up.ts';
import { hasControllingTerminal, onSignals } from './launching/signals.ts';
import { userCacheDirectory } from './pipeline/cache-directory.ts';

const argv = process.argv.slice(2);
const letGoOfTerminal = watchTerminal();
process.on('exit', letGoOfTerminal);
// First of all: until then a signal ends this process where it stands. Other commands are to end like that.
const isRun = argv.find((word) => !word.startsWith('-')) === 'run';
const signals = isRun ? onSignals({ hasTerminal: hasControllingTerminal(), onHangUp: letGoOfTerminal }) : undefined;

// Before the commands, which are most of the code, are imported.
keepCompiledCode(userCacheDirectory());

process.exitCode = await main(argv, systemShell({ signals }));
