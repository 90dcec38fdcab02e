import { StoreFull, type Group, type Store } from '../../../src/queue/store.ts';

/** A store whose disk can be full: then a commit throws and changes nothing. */
export function flaky(store: Store): { store: Store; disk: { isFull: boolean } } {
  const disk = { isFull: false };
  const commit = (group: Group): void => {
    if (disk.isFull) throw new StoreFull('no space');
    store.commit(group);
  };
  const wrapped = new Proxy(store, {
    get(target, name) {
      if (name === 'commit') return commit;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  return { store: wrapped, disk };
}
