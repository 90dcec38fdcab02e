import type { Settings } from '../config/schema.ts';
import type { GivenParams } from '../core/params.ts';
import type { PipelineDescription } from '../ipc/messages.ts';
import { Limits } from '../limits/limits.ts';
import type { Plan } from '../supervision/starting/request.ts';

/** The supervisor's settings, from the configuration and the pipeline's description. */
export function planOf({
  settings,
  stateDirectory,
  pipeline,
  params,
  boot,
}: {
  settings: Settings;
  stateDirectory: string;
  pipeline: PipelineDescription;
  params: GivenParams;
  /** Identity of the machine's boot; null where it cannot be known. */
  boot: string | null;
}): Plan {
  return {
    stateDirectory,
    queueMemoryBytes: settings.queueMemory,
    marks: {
      highItems: settings.queueHighItems,
      lowItems: settings.queueLowItems,
      highBytes: settings.queueHighBytes,
      lowBytes: settings.queueLowBytes,
    },
    limits: new Limits(pipeline.limits, boot),
    params,
    settings: {
      consumers: settings.consumers,
      concurrency: settings.concurrency,
      durability: settings.durability,
      attempts: settings.attempts,
      deadMax: settings.deadMax,
      pauseAfter: settings.pauseAfter,
      retry: { baseMs: settings.retryBase, capMs: settings.retryCap },
      itemTimeoutMs: settings.itemTimeout,
      abortGraceMs: settings.abortGrace,
      sinkTimeoutMs: settings.sinkTimeout,
      stopTimeoutMs: settings.stopTimeout,
      endTimeoutMs: settings.endTimeout,
      stallTimeoutMs: settings.stallTimeout,
      readyTimeoutMs: settings.readyTimeout,
      producerWindowBytes: settings.producerWindow,
      consumerCreditBytes: settings.consumerCredit,
      frameItems: settings.frameItems,
      frameBytes: settings.frameBytes,
      maxItemBytes: settings.maxItemBytes,
      redact: settings.redact,
      minFreeBytes: settings.minFree,
      recycling: { rssBytes: settings.maxRss, items: settings.maxItems, ageMs: settings.maxAge },
      restarts: { crashes: settings.crashLimit, periodMs: settings.crashPeriod },
    },
  };
}
