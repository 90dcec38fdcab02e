/**
 * The directory that this process was started in. A pipeline's relative paths begin there, whatever `process.chdir` does
 * later. So every module that loads the pipeline imports this file first. Empty if that directory has been removed.
 */
export const startDirectory = directoryNow();

function directoryNow(): string {
  try {
    return process.cwd();
  } catch {
    return '';
  }
}
