import type { Environment } from '../config/environment.ts';

/** Options of Node that open a debugger's port: the supervisor has it already, and a pipeline must not be open by accident. */
const debuggerPort = /(^|\s)--inspect\S*/g;

/** The environment that children get: the supervisor's own, for pipelines read their secrets from it. */
export function childEnvironment(environment: Environment): Record<string, string | undefined> {
  const { NODE_OPTIONS: nodeOptions } = environment;
  if (nodeOptions === undefined) return { ...environment };
  return { ...environment, NODE_OPTIONS: nodeOptions.replaceAll(debuggerPort, '').trim() };
}
