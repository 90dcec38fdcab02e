import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { usageError } from '../core/errors.ts';

/** Lets the user change `text` with the program that `editor` names, including its arguments, as git does. */
export async function editWith(editor: string, text: string): Promise<string> {
  // The text may be private, so only the owner can access the directory.
  const directory = await mkdtemp(join(tmpdir(), 'millrace-edit-'));
  try {
    const file = join(directory, 'item.json');
    await writeFile(file, text, { mode: 0o600 });
    await run(editor, file);
    return await readFile(file, 'utf8');
  } finally {
    await rm(directory, { recursive: true });
  }
}

const keys = ['SIGINT', 'SIGQUIT'] as const;

function run(editor: string, file: string): Promise<void> {
  // Keys of the terminal reach this process as well. The editor decides what they mean; this process has to remove the
  // file afterwards.
  const leaveToEditor = (): void => undefined;
  for (const signal of keys) process.on(signal, leaveToEditor);
  return new Promise<void>((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', `${editor} "$@"`, editor, file], { stdio: 'inherit' });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (code === 0) resolve();
      else
        reject(usageError(`the editor (${editor}) ended with ${signal ?? `exit code ${code}`}: nothing was changed`));
    });
  }).finally(() => {
    for (const signal of keys) process.off(signal, leaveToEditor);
  });
}
