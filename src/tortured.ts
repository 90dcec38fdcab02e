/** The pipeline file that torture generates imports this. It makes the watched pipeline in each process. */
import * as millrace from './index.ts';
import { loadPipeline } from './pipeline/load.ts';
import { formatProblems } from './pipeline/problems.ts';
import type { Pipeline } from './pipeline/types.ts';
import { bundledPipeline, type BundledSink } from './torture/bundled.ts';
import { placesIn } from './torture/places.ts';
import { watched } from './torture/watched.ts';

/** `pipeline`: a file, or a bundled pipeline. `directory`: that of the round. */
export async function tortured({ pipeline, directory }: Tortured): Promise<Pipeline> {
  const places = placesIn(directory);
  if ('bundled' in pipeline) {
    return watched({ pipeline: bundledPipeline(pipeline.bundled), version: 'bundled', places });
  }
  const { pipeline: loaded, description, problems } = await loadPipeline(pipeline.file, { millrace });
  if (!loaded) throw new Error(formatProblems(problems));
  return watched({ pipeline: loaded, version: description.fingerprint, places });
}

export interface Tortured {
  pipeline: { file: string } | { bundled: BundledSink };
  directory: string;
}
