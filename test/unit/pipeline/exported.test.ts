import { describe, expect, it } from '@jest/globals';
import { to } from '../../../src/index.ts';
import { definePipeline } from '../../../src/pipeline/define.ts';
import { exportedPipeline } from '../../../src/pipeline/exported.ts';
import { tokensOf } from '../../../src/pipeline/tokens.ts';
import { pipelineMark } from '../../../src/pipeline/types.ts';

const pipeline = definePipeline({ name: 'a', source: [1], sink: to.discard() });

describe('the pipeline among the exports', () => {
  it('is the default export', () => {
    expect(exportedPipeline({ default: pipeline, other: 1 }, [])).toEqual({ status: 'pipeline', pipeline });
  });

  it('may come from another copy of the package', () => {
    const foreign = { [Symbol.for('millrace.pipeline')]: 1 };
    expect(exportedPipeline({ default: foreign }, [])).toMatchObject({ status: 'pipeline' });
  });

  it.each([
    [{ default: Promise.resolve(pipeline) }, 'export default load();', 'an object (Promise)', ': await it'],
    [
      { default: () => pipeline },
      'export default () => {};',
      'a function',
      ': export the pipeline itself, not a function',
    ],
    [{ default: { source: 1, sink: 2 } }, 'export default {};', 'an object', ': wrap it in definePipeline'],
    [{ default: 5 }, 'export { five as default };', '5', ''],
    [null, 'module.exports = null;', 'null', ''],
    ['text', 'module.exports = "text";', '"text"', ''],
  ])('is not %p, and the message explains why', (exports, text, what, advice) => {
    expect(exportedPipeline(exports, tokensOf(`\n${text}`))).toEqual({
      status: 'wrong',
      line: 2,
      message: `the default export is ${what}; expected what definePipeline({ … }) returns${advice}`,
    });
  });
});

describe('definePipeline', () => {
  it('keeps its fields unchanged and adds its mark', () => {
    expect({ ...pipeline }).toEqual({ name: 'a', source: [1], sink: expect.anything(), [pipelineMark]: 1 });
  });

  it.each([undefined, null, 'text', 5])('refuses %p', (definition) => {
    expect(() => definePipeline(definition as never)).toThrow(
      'definePipeline expects an object with name, source and sink, got',
    );
  });
});
