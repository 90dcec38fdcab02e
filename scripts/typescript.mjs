/**
 * `node --import ./scripts/typescript.mjs FILE.ts` runs TypeScript on every supported Node: from 24 on Node does it itself;
 * 20 does not, and 22 warns about it on standard error, so there jiti does. jiti in turn warns on 26.
 */
const [major] = process.versions.node.split('.');
if (Number(major) < 24) await import('jiti/register');
