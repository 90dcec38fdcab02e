/** Variables of the environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Set: errors of the command line are shown with their stack, as with `--debug`. */
export const debugVariable = 'MILLRACE_DEBUG';

/** The environment as it is now. Nothing else reads it: what depends on it is handed on. */
export function readEnvironment(): Environment {
  return { ...process.env };
}
