/**
 * The directory that this process was started in. Relative paths of a pipeline begin there, whatever `process.chdir` does
 * later. So every module that loads the pipeline imports this first. Empty if that directory has been removed.
 */
export const startDirectory = directoryNow();

function directoryNow(): string {
  try {
    return process.cwd();
  } catch {
    return '';
  }
}
