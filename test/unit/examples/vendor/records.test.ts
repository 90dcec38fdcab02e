import { beforeAll, describe, expect, test } from '@jest/globals';
import { pokemonRecords, repeated, type PokemonRecord } from '../../../../examples/vendor/records.ts';

describe('the vendor’s records', () => {
  let records: PokemonRecord[];
  beforeAll(async () => {
    records = await pokemonRecords();
  });

  test('are the first 151, each once, in order', () => {
    expect(records.map(({ id }) => id)).toEqual(Array.from({ length: 151 }, (_, i) => i + 1));
    expect(new Set(records.map(({ name }) => name)).size).toBe(151);
  });

  test('have the names that PokeAPI uses', () => {
    const names = [29, 32, 83, 122, 151].map((id) => records[id - 1]!.name);
    expect(names).toEqual(['nidoran-f', 'nidoran-m', 'farfetchd', 'mr-mime', 'mew']);
  });

  test('describe Bulbasaur as the games do', () => {
    const [bulbasaur] = records;
    expect(bulbasaur).toMatchObject({ name: 'bulbasaur', height: 7, weight: 69 });
    expect(bulbasaur!.types.map(({ slot, type }) => `${slot} ${type.name}`)).toEqual(['1 grass', '2 poison']);
    expect(bulbasaur!.abilities.map(({ slot, ability }) => `${slot} ${ability.name}`)).toEqual([
      '1 overgrow',
      '3 chlorophyll',
    ]);
    expect(Object.fromEntries(bulbasaur!.stats.map(({ stat, base_stat }) => [stat.name, base_stat]))).toEqual({
      hp: 45,
      attack: 49,
      defense: 49,
      'special-attack': 65,
      'special-defense': 65,
      speed: 45,
    });
    expect(bulbasaur!.moves.map(({ move }) => move.name)).toContain('vine-whip');
  });

  test('are complete, and a few kilobytes in size each', () => {
    for (const record of records) {
      expect(record.height).toBeGreaterThan(0);
      expect(record.weight).toBeGreaterThan(0);
      expect(record.stats).toHaveLength(6);
      expect(record.types.length).toBeGreaterThan(0);
      expect(record.moves.length).toBeGreaterThan(0);
    }
    const sizes = records.map((record) => JSON.stringify(record).length).toSorted((a, b) => a - b);
    expect(sizes[75]).toBeGreaterThan(3000);
    expect(sizes.at(-1)).toBeLessThan(12_000);
  });

  test('repeat under new numbers and names when more are requested', () => {
    const many = repeated(records, 303);
    expect(many.map(({ id }) => id)).toEqual(Array.from({ length: 303 }, (_, i) => i + 1));
    expect(many[151]).toMatchObject({ id: 152, name: 'bulbasaur-2', height: 7 });
    expect(many[302]).toMatchObject({ id: 303, name: 'bulbasaur-3' });
  });
});
