/** Compiles test/types against the built declarations, with each compiler that users have. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

if (!existsSync('dist/index.d.ts')) {
  console.error('dist/index.d.ts is missing: run `npm run build` first');
  process.exitCode = 1;
} else {
  for (const compiler of ['typescript', 'typescript-5']) {
    const tsc = `node_modules/${compiler}/bin/tsc`;
    const version = spawnSync(process.execPath, [tsc, '--version'], { encoding: 'utf8' }).stdout.trim();
    const { status } = spawnSync(process.execPath, [tsc, '-p', 'test/types', '--pretty', 'false'], {
      stdio: 'inherit',
    });
    console.log(`type tests, TypeScript ${version.replace('Version ', '')}: ${status === 0 ? 'ok' : 'failed'}`);
    if (status !== 0) process.exitCode = 1;
  }
}
