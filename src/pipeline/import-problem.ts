/** Explains why a pipeline file could not be imported. */
import { readFileSync } from 'node:fs';
import { describeError, errorData } from '../core/errors.ts';
import { didYouMean } from '../core/nearest.ts';
import type { Problem } from '../ipc/messages.ts';
import { ownPlace } from '../core/stack.ts';
import { tokensOf } from './tokens.ts';

export interface FailedImport {
  /** The value that was thrown. */
  error: unknown;
  /** Absolute path of the pipeline file, and its content. */
  file: string;
  text: string;
  /** The names that `millrace` exports, and those inside `from` and `to` (`to.sqlite`). */
  exported: readonly string[];
}

/** Names the user's own file and line, if they can be known, and says what to do. */
export function importProblem(failed: FailedImport): Problem {
  return syntaxProblem(failed) ?? missingModule(failed) ?? missingExport(failed) ?? nothing(failed) ?? thrown(failed);
}

/** `ParseError: Unexpected token.  \n /path/file.ts:3:8`; the column counts from 0. */
function syntaxProblem({ error }: FailedImport): Problem | undefined {
  const [, text, file, line, column] = /^ParseError: (.*?)\s*\n\s*(\/.*):(\d+):(\d+)$/s.exec(messageOf(error)) ?? [];
  if (text === undefined || file === undefined) return undefined;
  return { file, line: Number(line), message: `syntax error at column ${Number(column) + 1}: ${text.split('\n')[0]}` };
}

/** Node's two wordings, for `require` and for `import`. */
function missingModule({ error, file, text }: FailedImport): Problem | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  if (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_MODULE_NOT_FOUND') return undefined;
  const message = messageOf(error);
  const specifier = /^Cannot find (?:module|package) '([^']+)'/.exec(message)?.[1];
  if (specifier === undefined) return undefined;
  const importer = /\nRequire stack:\n- (.+)/.exec(message)?.[1] ?? / imported from (.+)$/m.exec(message)?.[1] ?? file;
  const line = lineOfText(importer === file ? text : contentOf(importer), specifier);
  const isFile = /^[./]/.test(specifier);
  const advice = isFile ? 'does the file exist?' : `is it installed where this file can see it?`;
  return { file: importer, line, message: `cannot find ${isFile ? 'module' : 'package'} "${specifier}"; ${advice}` };
}

/** The error of a translated file that calls a missing export of ours. */
function missingExport({ error, file, exported }: FailedImport): Problem | undefined {
  const name = /_millrace\d*\.(\w+(?:\.\w+)?)\)? is not a (?:function|constructor)/.exec(messageOf(error))?.[1];
  if (name === undefined || exported.includes(name)) return undefined;
  const [parent, member] = name.split('.');
  if (member === undefined) {
    return { ...placeOf(error, file), message: `"millrace" exports no "${name}"${didYouMean(name, exported)}` };
  }
  const members = exported.filter((known) => known.startsWith(`${parent}.`));
  const list = members.length === 0 ? '' : `; it has ${members.join(', ')}`;
  return { ...placeOf(error, file), message: `${name} does not exist${didYouMean(name, members) || list}` };
}

/** jiti reads a property of the default export without checking for null. */
function nothing({ error, file }: FailedImport): Problem | undefined {
  const isJiti = /^TypeError: Cannot read properties of null \(reading 'then'\)\n.*node_modules\/jiti\//.test(
    String((error as { stack?: unknown } | null | undefined)?.stack),
  );
  if (!isJiti) return undefined;
  return { file, message: 'the default export is null; expected what definePipeline({ … }) returns' };
}

function thrown({ error, file }: FailedImport): Problem {
  const data = errorData(error);
  const advice =
    data.code === 'ERR_DLOPEN_FAILED' ? ` (built for another Node? try "npm rebuild"; this is ${process.version})` : '';
  return { ...placeOf(error, file), message: `threw while it was imported: ${describeError(data)}${advice}` };
}

function placeOf(error: unknown, file: string): Omit<Problem, 'message'> {
  return ownPlace((error as { stack?: unknown } | null | undefined)?.stack) ?? { file };
}

function messageOf(error: unknown): string {
  const message = (error as { message?: unknown } | null | undefined)?.message;
  return typeof message === 'string' ? message : '';
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // Only its lines would have been known.
    return '';
  }
}

function lineOfText(text: string, value: string): number | undefined {
  return tokensOf(text).find((token) => token.type === 'string' && token.value === value)?.line;
}
