import type { OptionName, Settings } from './schema.ts';

/** Two options. The first must not be above the second, or must be below it. */
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

/** The contradictions in `settings`: the two options of each, and what they must satisfy. */
export function contradictions(settings: Settings): { options: readonly [OptionName, OptionName]; wanted: string }[] {
  return orders.flatMap(({ lesser, greater, mayBeEqual }) => {
    const [low, high] = [Number(settings[lesser]), Number(settings[greater])];
    if (low < high || (mayBeEqual && low === high)) return [];
    const wanted = `${lesser} must be ${mayBeEqual ? 'at most' : 'less than'} ${greater}`;
    return [{ options: [lesser, greater] as const, wanted }];
  });
}
