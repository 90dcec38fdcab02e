import { serveChild } from './child/serve.ts';
import { passOnNoCodeCache } from './config/code-cache.ts';
import { systemClock } from './core/clock.ts';
import * as millrace from './index.ts';
import { parse } from './ipc/parse.ts';
import { importsOfPipelines } from './pipeline/imports-of-pipelines.ts';
import { userCacheDirectory } from './pipeline/cache-directory.ts';
import { consumerLife } from './working/life.ts';

passOnNoCodeCache(userCacheDirectory());
serveChild(
  { parse: parse.toConsumer, life: consumerLife, title: ({ ordinal }) => `consumer ${ordinal}` },
  // oxlint-disable-next-line no-restricted-properties -- entries hand in randomness
  { clock: systemClock, random: Math.random, millrace: importsOfPipelines(millrace) },
);
