/** Variables of the environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** If set, errors of the command line are shown with their stack, as with `--debug`. */
export const debugVariable = 'MILLRACE_DEBUG';

/** The environment as it is now. No other code reads it: values from it are passed on. */
export function readEnvironment(): Environment {
  return { ...process.env };
}
