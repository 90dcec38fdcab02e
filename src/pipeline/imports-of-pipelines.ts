import { configError } from '../core/errors.ts';

/** The exports of `import … from 'millrace'` in a pipeline file. */
export function importsOfPipelines(millrace: object): object {
  return { ...millrace, run: refuseRun };
}

function refuseRun(): never {
  throw configError(
    'RUN_IN_PIPELINE',
    'run() cannot be called by a pipeline file, which each process of the pipeline loads; call it in a file of its own',
  );
}
