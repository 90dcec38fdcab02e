import { main } from './cli/main.ts';
import { systemShell } from './cli/system-shell.ts';

process.exitCode = await main(process.argv.slice(2), systemShell());
