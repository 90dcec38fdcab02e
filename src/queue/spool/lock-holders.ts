import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { readText } from '../../core/read-text.ts';

/** A process that holds a lock on a SQLite file. */
export interface LockHolder {
  /** 0 if it is outside this process's pid namespace. */
  readonly pid: number;
  /** Whether it can write; otherwise it only reads. */
  readonly isWriter: boolean;
}

/** Where SQLite locks a file: https://www.sqlite.org/src/file/src/os.h, `PENDING_BYTE` and the 511 bytes after it. */
const firstLocked = 0x4000_0000;
const lastLocked = firstLocked + 511;

/**
 * Other processes that hold SQLite's lock on `file`, according to the kernel; none where the kernel does not say. This does
 * not open the file: closing it would drop a lock that this process holds.
 */
export function lockHolders(file: string): LockHolder[] {
  const locks = readText('/proc/locks');
  const inode = statSync(file, { bigint: true, throwIfNoEntry: false })?.ino.toString();
  if (locks === undefined || inode === undefined) return [];
  return holdersIn(locks, inode).filter(({ pid }) => pid !== process.pid);
}

/** The holders that `/proc/locks` lists for a file. Devices are not compared: overlay file systems report different ones. */
export function holdersIn(locks: string, inode: string): LockHolder[] {
  const line = /^\d+: POSIX +\w+ +(READ|WRITE) +(\d+) +[0-9a-f]+:[0-9a-f]+:(\d+) +(\d+) /;
  return locks.split('\n').flatMap((text) => {
    const [, kind, pid, itsInode, start] = line.exec(text) ?? [];
    if (itsInode !== inode || Number(start) < firstLocked || Number(start) > lastLocked) return [];
    return [{ pid: Number(pid), isWriter: kind === 'WRITE' }];
  });
}

/** A short name of a process: its program and, for millrace, the command. */
export function programOf(pid: number): string | undefined {
  const [program, ...args] = (readText(`/proc/${pid}/cmdline`) ?? '').split('\0').filter((text) => text !== '');
  if (program === undefined) return undefined;
  // Only a supervisor gives itself such a title, which the system may cut.
  if (program.startsWith('millrace ')) return 'millrace run';
  if (!basename(program).startsWith('node')) return basename(program);
  const script = args.findIndex((text) => /(^|\/)(cli\.js|millrace)$/.test(text));
  if (script < 0) return basename(program);
  const words = args.slice(script + 1);
  const end = words.findIndex((text) => !/^[a-z]+$/.test(text));
  return ['millrace', ...words.slice(0, end < 0 ? 2 : Math.min(end, 2))].join(' ');
}
