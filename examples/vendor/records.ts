/** The first 151 Pokémon in the shape of PokeAPI's `/api/v2/pokemon/:id`, made from the data package @pkmn/dex. */
import { createRequire } from 'node:module';
import type * as data from '@pkmn/dex';
import type { Species, StatID } from '@pkmn/dex';
import { heights } from './heights.ts';

// With require, because the TypeScript loader would first compile an imported module, and this one is megabytes of
// data.
const { Dex } = createRequire(import.meta.url)('@pkmn/dex') as typeof data;

/** A name, and where more about it would be. */
export interface Reference {
  name: string;
  url: string;
}

/** One record: the fields of PokeAPI that the data package can fill. Values that it does not have are null. */
export interface PokemonRecord {
  id: number;
  name: string;
  /** Decimetres. */
  height: number;
  /** Hectograms. */
  weight: number;
  base_experience: number | null;
  is_default: boolean;
  species: Reference;
  types: { slot: number; type: Reference }[];
  stats: { base_stat: number; effort: number | null; stat: Reference }[];
  abilities: { slot: number; is_hidden: boolean; ability: Reference }[];
  /** The moves that it learns by rising in level, in the newest games that have it. */
  moves: { move: Reference; version_group_details: { level_learned_at: number; move_learn_method: Reference }[] }[];
  sprites: { front_default: string; back_default: string; front_shiny: string };
}

const statNames: Record<StatID, string> = {
  hp: 'hp',
  atk: 'attack',
  def: 'defense',
  spa: 'special-attack',
  spd: 'special-defense',
  spe: 'speed',
};
const abilitySlots = { 0: 1, 1: 2, H: 3 } as const;

/** Records link to things that this server does not have: the links are those of the real PokeAPI. */
const publicApi = 'https://pokeapi.co/api/v2';
const publicSprites = 'https://raw.githubusercontent.com/PokeAPI/sprites/master/sprites/pokemon';

/** All 151 records, by number. */
export async function pokemonRecords(): Promise<PokemonRecord[]> {
  const species = Dex.species.all().filter(({ num, forme }) => num >= 1 && num <= heights.length && forme === '');
  species.sort((a, b) => a.num - b.num);
  return await Promise.all(species.map(record));
}

async function record(species: Species): Promise<PokemonRecord> {
  const sprite = (directory: string): string => `${publicSprites}/${directory}${species.num}.png`;
  const byLevel = refer('move-learn-method', 'level-up');
  return {
    id: species.num,
    name: slug(species.name),
    height: heights[species.num - 1]!,
    weight: species.weighthg,
    base_experience: null,
    is_default: true,
    species: refer('pokemon-species', species.name),
    types: species.types.map((name, i) => ({ slot: i + 1, type: refer('type', name) })),
    stats: Object.entries(statNames).map(([id, name]) => ({
      base_stat: species.baseStats[id as StatID],
      effort: null,
      stat: refer('stat', name),
    })),
    abilities: Object.entries(abilitySlots).flatMap(([key, slot]) => {
      const name = species.abilities[key as keyof typeof abilitySlots];
      return name ? [{ slot, is_hidden: key === 'H', ability: refer('ability', name) }] : [];
    }),
    moves: (await movesByLevel(species)).map(({ name, level }) => ({
      move: refer('move', name),
      version_group_details: [{ level_learned_at: level, move_learn_method: byLevel }],
    })),
    sprites: { front_default: sprite(''), back_default: sprite('back/'), front_shiny: sprite('shiny/') },
  };
}

/** The package notes "learned in the 8th generation at level 33" as `8L33`. */
async function movesByLevel(species: Species): Promise<{ name: string; level: number }[]> {
  const { learnset = {} } = await Dex.learnsets.get(species.id);
  const learned = Object.entries(learnset).flatMap(([move, ways]) =>
    ways.flatMap((way) => {
      const [, generation, level] = /^(\d)L(\d+)/.exec(way) ?? [];
      return generation && level ? [{ move, generation: Number(generation), level: Number(level) }] : [];
    }),
  );
  const newest = Math.max(...learned.map(({ generation }) => generation));
  return learned
    .filter(({ generation }) => generation === newest)
    .map(({ move, level }) => ({ name: Dex.moves.get(move).name, level }))
    .toSorted((a, b) => a.level - b.level || a.name.localeCompare(b.name, 'en'));
}

function refer(kind: string, name: string): Reference {
  return { name: slug(name), url: `${publicApi}/${kind}/${slug(name)}/` };
}

/** "Mr. Mime" → "mr-mime", "Farfetch’d" → "farfetchd". */
function slug(name: string): string {
  return name
    .toLowerCase()
    .replace(/[.'’]/g, '')
    .replace(/[^a-z0-9]+/g, '-');
}

/** `count` records, by number: the given ones, then the same again under new numbers and names. */
export function repeated(records: readonly PokemonRecord[], count: number): PokemonRecord[] {
  return Array.from({ length: count }, (_, i) => {
    const round = Math.floor(i / records.length);
    const original = records[i % records.length]!;
    return round === 0 ? original : { ...original, id: i + 1, name: `${original.name}-${round + 1}` };
  });
}
