import { describeError, errorData } from '../core/errors.ts';

/** The progress of the last backup that was requested. Pages, for a progress display. */
export type BackupState =
  | { state: 'none' }
  | { state: 'running'; file: string; done: number; of: number }
  | { state: 'done'; file: string }
  | { state: 'failed'; file: string; error: string };

/** Makes one backup at a time and reports its progress, because a request must not wait for minutes. */
export interface BackupJob {
  readonly state: BackupState;
  /** False if a backup is already being made. */
  start: (file: string) => boolean;
}

/** `copy` makes the file; its rejection is reported. */
export function backupJob(
  copy: (file: string, onProgress: (pages: { done: number; of: number }) => void) => Promise<void>,
): BackupJob {
  let state: BackupState = { state: 'none' };
  return {
    get state() {
      return state;
    },
    start(file) {
      if (state.state === 'running') return false;
      state = { state: 'running', file, done: 0, of: 0 };
      copy(file, (pages) => (state = { state: 'running', file, ...pages })).then(
        () => (state = { state: 'done', file }),
        (error: unknown) => (state = { state: 'failed', file, error: describeError(errorData(error)) }),
      );
      return true;
    },
  };
}
