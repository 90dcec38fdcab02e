/** Variables of the environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment as it is now. Nothing else reads it: what depends on it is handed on. */
export function readEnvironment(): Environment {
  return { ...process.env };
}
