import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import { nowNs } from '../marks.ts';
import { endWithUs } from './end-with-us.ts';
import { processTree, type ProcessUse } from './process-tree.ts';

/** The result of running a program, with figures of the processes that it started. */
export interface WatchedRun {
  startedNs: number;
  exitedNs: number;
  exitCode: number | null;
  /**
   * Each process as last sampled. What it used after its last sample, at most `lookEveryMs` before its end, is missing.
   */
  processes: ProcessUse[];
  /** The CPU time that each process had used by then. */
  cpuMsAt: (ns: number) => Map<number, number>;
}

const lookEveryMs = 50;

/** Runs a program to its end, with its output in `log`, and samples it and its children while it runs. */
export async function watchedRun(
  [program, ...args]: readonly [string, ...string[]],
  options: { cwd: string; env: NodeJS.ProcessEnv; log: string; meanwhile?: (pid: number) => Promise<void> },
): Promise<WatchedRun> {
  const log = openSync(options.log, 'a');
  const seen = new Map<number, ProcessUse>();
  const looks: { atNs: number; cpuMs: Map<number, number> }[] = [];
  const startedNs = nowNs();
  const child = spawn(program, args, { cwd: options.cwd, env: options.env, stdio: ['ignore', log, log] });
  endWithUs(child);
  const exited = once(child, 'exit').then(([code]) => ({ exitCode: code as number | null, exitedNs: nowNs() }));
  const look = setInterval(() => {
    for (const use of processTree(child.pid!)) {
      const before = seen.get(use.pid);
      // A process that has ended and has not been reaped yet has no memory any more, but all of its CPU time.
      seen.set(use.pid, use.rssMiB > 0 || !before ? use : { ...before, cpuMs: use.cpuMs });
    }
    looks.push({ atNs: nowNs(), cpuMs: new Map([...seen.values()].map(({ pid, cpuMs }) => [pid, cpuMs])) });
  }, lookEveryMs);
  try {
    await options.meanwhile?.(child.pid!);
    const cpuMsAt = (ns: number): Map<number, number> => looks.findLast(({ atNs }) => atNs <= ns)?.cpuMs ?? new Map();
    return { startedNs, ...(await exited), processes: [...seen.values()], cpuMsAt };
  } catch (error) {
    child.kill();
    await exited;
    throw error;
  } finally {
    clearInterval(look);
    closeSync(log);
  }
}
