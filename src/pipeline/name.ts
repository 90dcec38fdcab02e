const slug = /^[a-z0-9][a-z0-9-]{0,40}$/;

/** Whether a pipeline can have this name, which becomes part of paths, process titles and logs. */
export function isPipelineName(value: unknown): boolean {
  return typeof value === 'string' && slug.test(value);
}
