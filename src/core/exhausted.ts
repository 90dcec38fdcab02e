import { configError, MillraceError } from './errors.ts';
import { exitCodes } from './exit-codes.ts';

/** For each error of the operating system: what it has run out of, and what to raise. */
const advice: Record<string, string> = {
  EMFILE:
    'this process has reached its limit on open files. Raise it (ulimit -n; LimitNOFILE= in a systemd unit; ' +
    'docker run --ulimit nofile=), or run fewer consumers',
  ENFILE: 'the machine cannot open any more files. Raise the limit (sysctl fs.file-max), or end other programs',
  EAGAIN:
    'no more processes or threads can be started. Raise the limit on processes (ulimit -u; TasksMax= in a systemd unit; ' +
    'docker run --pids-limit), or run fewer consumers',
  ENOMEM: 'the machine is out of memory. Add memory, or run fewer consumers',
};

const mostCauses = 5;

/**
 * If `error` means that the operating system has run out of descriptors, processes or memory: an error that says what
 * to raise (exit 78). Undefined for any other error, and for Millrace's own errors, which already say what to do.
 */
export function exhausted(error: unknown): MillraceError | undefined {
  if (error instanceof MillraceError && error.exitCode !== exitCodes.bug) return undefined;
  let each = error;
  for (let depth = 0; each instanceof Error && depth < mostCauses; each = each.cause, depth++) {
    const { code = '', syscall = '' } = each as NodeJS.ErrnoException;
    // A descriptor with nothing to read also reports EAGAIN.
    if (!Object.hasOwn(advice, code) || (code === 'EAGAIN' && !/^(spawn|fork|uv_)/.test(syscall))) continue;
    return configError('EXHAUSTED', `${advice[code]!} (${each.message}).`, error);
  }
  return undefined;
}
