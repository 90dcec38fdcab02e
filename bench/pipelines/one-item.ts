import { definePipeline, to } from 'millrace';
import { leaveMark } from '../marks.ts';

/** One item: how long it takes from the command to `process`. */
export default definePipeline({
  name: 'one-item',
  *source() {
    yield 1;
  },
  process() {
    leaveMark('first-process');
  },
  sink: to.discard(),
});
