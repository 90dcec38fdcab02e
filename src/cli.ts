import { main } from './cli/main.ts';
import { systemShell } from './cli/system-shell.ts';
import { keepCompiledCode } from './config/code-cache.ts';
import { userCacheDirectory } from './pipeline/cache-directory.ts';

// Before the commands, which are most of the code, are imported.
keepCompiledCode(userCacheDirectory());

process.exitCode = await main(process.argv.slice(2), systemShell());
