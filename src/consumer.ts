import { systemClock } from './core/clock.ts';
import * as millrace from './index.ts';
import { serveConsumer } from './working/serve.ts';

// oxlint-disable-next-line no-restricted-properties -- entries hand in randomness
serveConsumer({ clock: systemClock, random: Math.random, millrace });
