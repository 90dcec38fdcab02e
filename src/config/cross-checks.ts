import type { OptionName, Settings } from './schema.ts';

/** Two options of which the first must not be above, or not even equal to, the second. */
interface Order {
  lesser: OptionName;
  greater: OptionName;
  mayBeEqual: boolean;
}

const orders: readonly Order[] = [
  { lesser: 'queueLowItems', greater: 'queueHighItems', mayBeEqual: false },
  { lesser: 'queueLowBytes', greater: 'queueHighBytes', mayBeEqual: false },
  { lesser: 'retryBase', greater: 'retryCap', mayBeEqual: true },
  // The producer could never send a full frame.
  { lesser: 'frameBytes', greater: 'producerWindow', mayBeEqual: true },
];

/** What `settings` contradict themselves in: the two options of each contradiction, and what is wanted of them. */
export function contradictions(settings: Settings): { options: readonly [OptionName, OptionName]; wanted: string }[] {
  return orders.flatMap(({ lesser, greater, mayBeEqual }) => {
    const [low, high] = [Number(settings[lesser]), Number(settings[greater])];
    if (low < high || (mayBeEqual && low === high)) return [];
    const wanted = `${lesser} must be ${mayBeEqual ? 'at most' : 'less than'} ${greater}`;
    return [{ options: [lesser, greater] as const, wanted }];
  });
}
