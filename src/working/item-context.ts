import type { ProcessContext } from '../pipeline/context.ts';
import type { ItemScope } from './item-scope.ts';

// Every property that `process` may use. The compiler makes sure that none is missing.
const properties: Record<keyof ProcessContext, true> = {
  params: true,
  fetch: true,
  limit: true,
  signal: true,
  log: true,
  attempt: true,
  seq: true,
  key: true,
  resources: true,
};

const names = Object.keys(properties);

const handler: ProxyHandler<ItemScope> = {
  // Read from the scope itself, not through the proxy, because its getters use private fields.
  get: (scope, name) => scope[name as keyof ItemScope],
  ownKeys: () => names,
  getOwnPropertyDescriptor: (scope, name) =>
    Object.hasOwn(properties, name)
      ? { value: scope[name as keyof ItemScope], enumerable: true, configurable: true, writable: true }
      : undefined,
};

/**
 * An item's scope as `process` sees it: the same, but `{ ...context }` and `Object.keys` find all of its properties,
 * though most are made only when they are asked for. (Real properties would cost each item a microsecond.)
 */
export function contextOf(scope: ItemScope): ProcessContext {
  return new Proxy(scope, handler);
}
