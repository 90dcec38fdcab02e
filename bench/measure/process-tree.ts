import { readFileSync } from 'node:fs';

/** What one process has used so far. */
export interface ProcessUse {
  pid: number;
  commandLine: string;
  cpuMs: number;
  rssMiB: number;
  /** Its peak. */
  peakRssMiB: number;
}

// USER_HZ: 100 on every Linux that Node runs on.
const tickMs = 10;

/** The process and all its descendants. Empty where there is no /proc, or when the process has exited. */
export function processTree(root: number): ProcessUse[] {
  const self = useOf(root);
  return self ? [self, ...childrenOf(root).flatMap(processTree)] : [];
}

function childrenOf(pid: number): number[] {
  const list = read(`/proc/${pid}/task/${pid}/children`);
  return list === undefined ? [] : list.split(' ').filter(Boolean).map(Number);
}

function useOf(pid: number): ProcessUse | undefined {
  const stat = read(`/proc/${pid}/stat`);
  const status = read(`/proc/${pid}/status`);
  const commandLine = read(`/proc/${pid}/cmdline`);
  if (stat === undefined || status === undefined || commandLine === undefined) return undefined;
  // The name, in parentheses, may hold anything; the fields are counted from the closing parenthesis.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const cpuMs = (Number(fields[11]) + Number(fields[12])) * tickMs;
  const mebibytes = (field: string): number => Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024;
  return {
    pid,
    commandLine: commandLine.replaceAll('\0', ' '),
    cpuMs,
    rssMiB: mebibytes('VmRSS'),
    peakRssMiB: mebibytes('VmHWM'),
  };
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined; // The process has exited.
  }
}
