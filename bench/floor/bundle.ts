import { join } from 'node:path';
import esbuild from 'esbuild';

/** Bundles the floor's programs as the product is bundled, so that both load and run the same way. Returns their directory. */
export async function bundleFloor(root: string, outdir: string): Promise<string> {
  await esbuild.build({
    entryPoints: ['hub', 'producer', 'consumer', 'calls', 'squares'].map((name) =>
      join(import.meta.dirname, `${name}.ts`),
    ),
    outdir,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['better-sqlite3'],
    alias: { msgpackr: join(root, 'node_modules/msgpackr/index.js') },
    banner: {
      js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
  return outdir;
}
