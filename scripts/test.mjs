/** `npm test`: every part in turn, the quick ones first; stops at the first that fails and says how to run it alone. */
import { spawnSync } from 'node:child_process';

const parts = ['build', 'format:check', 'lint', 'typecheck', 'knip', 'test:unit', 'test:types', 'test:integration'];

const begin = performance.now();
for (const part of parts) {
  console.log(`\n── ${part} ${'─'.repeat(70 - part.length)}`);
  const partBegin = performance.now();
  const { status, signal } = spawnSync('npm', ['run', '--silent', part], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) {
    console.error(`\n✗ ${part} failed (${signal ?? `exit code ${status}`}). Alone: npm run ${part}`);
    process.exit(1);
  }
  console.log(`✓ ${part} (${secondsSince(partBegin)})`);
}
console.log(`\n✓ all ${parts.length} parts passed (${secondsSince(begin)})`);

function secondsSince(start) {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}
