import module from 'node:module';
import { join } from 'node:path';
import type { Environment } from './environment.ts';

/** Names the directory in which Node 22 and later keep compiled code. Node reads the variable when it starts. */
const variable = 'NODE_COMPILE_CACHE';

/**
 * Makes this process keep the compiled code of the files that it loads from now on in `directory`, and use it, so that a
 * start compiles less. Does nothing if Node cannot do that, or if the user has named a directory or turned it off.
 */
export function keepCompiledCode(directory: string | undefined): void {
  // Not in Node 20.
  const { enableCompileCache } = module as { enableCompileCache?: (directory: string) => unknown };
  if (directory !== undefined) enableCompileCache?.(codeIn(directory));
}

/** The environment for a child that does the same from its first file on. */
export function keepingCompiledCode(environment: Environment, directory: string | undefined): Environment {
  return directory === undefined ? environment : { [variable]: codeIn(directory), ...environment };
}

/** In such a child: removes the variable, so that programs started by the pipeline do not fill our directory. */
export function passOnNoCodeCache(directory: string | undefined): void {
  if (directory !== undefined && process.env[variable] === codeIn(directory)) delete process.env[variable];
}

function codeIn(directory: string): string {
  return join(directory, 'code');
}
