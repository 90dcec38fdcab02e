/** Variables of the environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** `MILLRACE_PARAM_SHELF` gives a value for the pipeline's param `shelf`. */
export const paramPrefix = 'MILLRACE_PARAM_';

/** If set, errors of the command line are shown with their stack, as with `--debug`. */
export const debugVariable = 'MILLRACE_DEBUG';

/** The environment as it is now. No other code reads it: values from it are passed on. */
export function readEnvironment(): Environment {
  return { ...process.env };
}
