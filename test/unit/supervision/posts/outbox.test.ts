import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Outbox, type Extent } from '../../../../src/supervision/posts/outbox.ts';

interface Message {
  /** The numbers of the puts that this message stands for. */
  puts: number[];
  restsOn: Extent;
}

function anOutbox() {
  const sent: string[] = [];
  const outbox = new Outbox<string>((message) => sent.push(message));
  return { outbox, sent };
}

describe('an outbox', () => {
  it('sends nothing before a commit, and then everything in the order in which it was put', () => {
    const { outbox, sent } = anOutbox();
    outbox.put('settlements', 'a');
    outbox.put('all', 'b');
    outbox.put('settlements', 'c');
    expect(sent).toEqual([]);
    outbox.committed('all');
    expect(sent).toEqual(['a', 'b', 'c']);
    outbox.committed('all');
    expect(sent).toEqual(['a', 'b', 'c']);
  });

  it('keeps a message that rests on everything until everything is committed', () => {
    const { outbox, sent } = anOutbox();
    outbox.put('all', 'stored');
    outbox.put('settlements', 'settled');
    outbox.committed('settlements');
    expect(sent).toEqual(['settled']);
    outbox.committed('all');
    expect(sent).toEqual(['settled', 'stored']);
  });

  it('makes a message only when it can be sent, and sends nothing if the message is no longer needed', () => {
    const { outbox, sent } = anOutbox();
    let wanted: string | undefined = 'at first';
    outbox.put('all', () => wanted);
    outbox.put('all', () => 'always');
    wanted = undefined;
    outbox.committed('all');
    expect(sent).toEqual(['always']);
  });

  it('sends nothing once its process has gone', () => {
    const { outbox, sent } = anOutbox();
    outbox.put('settlements', 'before');
    outbox.drop();
    outbox.put('settlements', 'after');
    outbox.join('settlements', 'joined', () => 'both');
    outbox.committed('all');
    expect(sent).toEqual([]);
  });

  it('stops in the middle when sending shows that its process has gone', () => {
    const sent: string[] = [];
    const outbox = new Outbox<string>((message) => {
      sent.push(message);
      outbox.drop();
    });
    outbox.put('all', 'first');
    outbox.put('all', 'second');
    outbox.committed('all');
    expect(sent).toEqual(['first']);
  });

  it('keeps an answer to a message that it sends until the next commit', () => {
    const sent: string[] = [];
    const outbox = new Outbox<string>((message) => {
      sent.push(message);
      if (message === 'question') outbox.put('all', 'answer');
    });
    outbox.put('all', 'question');
    outbox.committed('all');
    expect(sent).toEqual(['question']);
    outbox.committed('all');
    expect(sent).toEqual(['question', 'answer']);
  });

  it('joins a message only with the last one, and never with one that is made later or rests on another commit', () => {
    const { outbox, sent } = anOutbox();
    const add = (message: string, restsOn: Extent = 'all'): void =>
      outbox.join(restsOn, message, (last) => (last.startsWith('j') ? last + message : undefined));
    add('j1');
    add('j2');
    outbox.put('all', 'other');
    add('j3');
    outbox.put('all', () => 'j made');
    add('j4');
    add('j5', 'settlements');
    outbox.committed('all');
    expect(sent).toEqual(['j1j2', 'other', 'j3', 'j made', 'j4', 'j5']);
  });

  it('sends each message once, after the first commit that it rests on, in order, whatever happens', () => {
    const extent = fc.constantFrom<Extent>('settlements', 'all');
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('put', 'make', 'join'), restsOn: extent }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('committed' as const), restsOn: extent }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const), restsOn: extent }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const sent: Message[] = [];
        const outbox = new Outbox<Message>((message) => sent.push(message));
        // What a simple list of single messages would do.
        let waiting: { put: number; restsOn: Extent }[] = [];
        const due: Record<Extent, number[]> = { settlements: [], all: [] };
        let isDropped = false;
        steps.forEach(({ kind, restsOn }, put) => {
          const message = { puts: [put], restsOn };
          if (kind === 'committed') {
            outbox.committed(restsOn);
            const isDue = (letter: { restsOn: Extent }): boolean => restsOn === 'all' || letter.restsOn === restsOn;
            for (const letter of waiting.filter(isDue)) due[letter.restsOn].push(letter.put);
            waiting = waiting.filter((letter) => !isDue(letter));
          } else if (kind === 'drop') {
            outbox.drop();
            waiting = [];
            isDropped = true;
          } else {
            if (kind === 'put') outbox.put(restsOn, message);
            else if (kind === 'make') outbox.put(restsOn, () => message);
            else outbox.join(restsOn, message, (last) => ({ ...last, puts: [...last.puts, put] }));
            if (!isDropped) waiting.push({ put, restsOn });
          }
          for (const each of ['settlements', 'all'] as const) {
            const inOrder = sent.filter((one) => one.restsOn === each).flatMap((one) => one.puts);
            expect(inOrder).toEqual(due[each]);
          }
        });
      }),
    );
  });
});
