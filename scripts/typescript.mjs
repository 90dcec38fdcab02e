/**
 * `node --import ./scripts/typescript.mjs FILE.ts` runs TypeScript on every supported Node: Node does so itself from 24
 * on. 20 does not, and 22 prints a warning, so there it is done by jiti, which in turn prints a warning on 26.
 */
const [major] = process.versions.node.split('.');
if (Number(major) < 24) await import('jiti/register');
