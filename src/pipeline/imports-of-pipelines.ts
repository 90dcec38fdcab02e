import { configError } from '../core/errors.ts';

/**
 * What `import … from 'millrace'` gives in a pipeline file. Each process of a pipeline loads the file, so a `run()` at its
 * top level would start processes that start processes, without end. There it is an error.
 */
export function importsOfPipelines(millrace: object): object {
  return { ...millrace, run: refuseRun };
}

function refuseRun(): never {
  throw configError(
    'RUN_IN_PIPELINE',
    'run() cannot be called by a pipeline file, which each process of the pipeline loads; call it in a file of its own',
  );
}
