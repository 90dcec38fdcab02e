/**
 * `npm test`: runs every part, the quick ones first, as many of those at a time as there are cores. Stops at the first
 * part that fails, and says how to run it alone.
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

// The parts of a stage run in any order. Each kind of tests has its own stage, because it uses all cores by itself.
const stages = [
  ['build'],
  ['test:simulation', 'format:check', 'test:types', 'lint', 'typecheck', 'knip'],
  ['test:unit'],
  ['test:integration'],
];

const begin = performance.now();
let hasFailed = false;

for (const stage of stages) {
  const waiting = [...stage];
  const lane = async () => {
    for (let part = waiting.shift(); part !== undefined && !hasFailed; part = waiting.shift()) {
      await run(part, { isAlone: stage.length === 1 });
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  if (hasFailed) process.exit(1);
}
console.log(`\n✓ all ${stages.flat().length} parts passed (${secondsSince(begin)})`);

/** The output of parts that run at the same time is shown when they have ended. */
async function run(part, { isAlone }) {
  const partBegin = performance.now();
  const heading = `\n── ${part} ${'─'.repeat(70 - part.length)}`;
  if (isAlone) console.log(heading);
  const { code, signal, output } = await ended(
    spawn('npm', ['run', '--silent', part], {
      stdio: ['ignore', ...(isAlone ? ['inherit', 'inherit'] : ['pipe', 'pipe'])],
    }),
  );
  if (!isAlone) console.log(`${heading}\n${output.trimEnd()}`);
  if (code === 0) {
    console.log(`✓ ${part} (${secondsSince(partBegin)})`);
  } else {
    hasFailed = true;
    console.error(`\n✗ ${part} failed (${signal ?? `exit code ${code}`}). Alone: npm run ${part}`);
  }
}

function ended(child) {
  return new Promise((resolve, reject) => {
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, output }));
  });
}

function secondsSince(start) {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}
