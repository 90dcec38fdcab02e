/**
 * Loads the first 151 Pokémon from a vendor's API that allows ten calls at a time, turns each nested record into
 * columns, and puts them in a SQLite database. `npm run demo` runs it together with such a vendor.
 */
import { createHash } from 'node:crypto';
import { definePipeline, PermanentError, to } from 'millrace';

const vendor = process.env['VENDOR_URL'] ?? 'http://127.0.0.1:4151';

/** The part of the vendor's record that is read here. */
interface Pokemon {
  id: number;
  name: string;
  /** Decimetres. */
  height: number;
  /** Hectograms. */
  weight: number;
  types: { slot: number; type: { name: string } }[];
  stats: { base_stat: number; stat: { name: string } }[];
  moves: unknown[];
}

export default definePipeline({
  name: 'pokedex',

  // Shared by all processes: an eleventh call waits here instead of being refused there.
  limits: { vendor: { concurrency: 10 } },

  // Runs in the producer. Each item is stored on disk before any consumer works on it.
  *source() {
    for (let id = 1; id <= 151; id++) yield { id };
  },

  // Runs in the consumers, for many items at once. If it throws, the item is retried later.
  async process({ id }, { fetch }) {
    const response = await fetch(`${vendor}/api/v2/pokemon/${id}`, { limit: 'vendor' });
    if (response.status === 404) throw new PermanentError(`the vendor has no Pokémon ${id}`);
    if (!response.ok) throw new Error(`the vendor answered ${response.status}`);
    return toRow((await response.json()) as Pokemon);
  },

  // Each row is written once, whichever process dies. With a key, another run updates the rows instead of adding to
  // them.
  sink: to.sqlite({ file: 'pokedex.db', table: 'pokemon', key: 'id' }),
});

/**
 * One level of plain columns, and two that take some work: the sum of the stats, and a digest that shows whether a
 * record has changed.
 */
function toRow(pokemon: Pokemon) {
  const { id, name, height, weight, types, moves } = pokemon;
  const stats = new Map(pokemon.stats.map(({ stat, base_stat }) => [stat.name, base_stat]));
  return {
    id,
    name,
    height,
    weight,
    type_1: types[0]?.type.name ?? null,
    type_2: types[1]?.type.name ?? null,
    hp: stats.get('hp') ?? null,
    attack: stats.get('attack') ?? null,
    defense: stats.get('defense') ?? null,
    special_attack: stats.get('special-attack') ?? null,
    special_defense: stats.get('special-defense') ?? null,
    speed: stats.get('speed') ?? null,
    total: [...stats.values()].reduce((sum, value) => sum + value, 0),
    moves: moves.length,
    digest: createHash('sha256').update(JSON.stringify(pokemon)).digest('hex'),
  };
}
