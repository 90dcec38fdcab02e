import { appendFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { definePipeline, to } from 'millrace';
import { marksVariable, nowNs } from '../marks.ts';

const trace = `${process.env[marksVariable]}/trace.${process.pid}`;
const itemMs = 50;

/** An endless source; each consumer records when an item starts and ends. */
export default definePipeline({
  name: 'recovery',
  *source() {
    for (let id = 1; ; id++) yield { id };
  },
  async process(_item, { seq }) {
    appendFileSync(trace, `${seq} started ${nowNs()}\n`);
    await pause(itemMs);
    appendFileSync(trace, `${seq} ended ${nowNs()}\n`);
  },
  sink: to.discard(),
});
