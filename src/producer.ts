import { systemClock } from './core/clock.ts';
import * as millrace from './index.ts';
import { serveProducer } from './reading/serve.ts';

// oxlint-disable-next-line no-restricted-properties -- entries hand in randomness
serveProducer({ clock: systemClock, random: Math.random, millrace });
