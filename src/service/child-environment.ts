import type { Environment } from '../config/environment.ts';

/**
 * Node options that open a debugger port: the supervisor already has that port, and a pipeline must not be exposed by
 * accident.
 */
const debuggerPort = /(^|\s)--inspect\S*/g;

/** The environment for children: the supervisor's own, because pipelines read their secrets from it. */
export function childEnvironment(environment: Environment): Record<string, string | undefined> {
  const { NODE_OPTIONS: nodeOptions } = environment;
  if (nodeOptions === undefined) return { ...environment };
  return { ...environment, NODE_OPTIONS: nodeOptions.replaceAll(debuggerPort, '').trim() };
}
