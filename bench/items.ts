/** An item of about 200 bytes as JSON: the row of a customer export. */
export interface Item {
  id: number;
  name: string;
  email: string;
  street: string;
  city: string;
  amount: number;
  quantity: number;
  note: string;
}

export function* items(count: number): Generator<Item> {
  for (let id = 1; id <= count; id++) {
    yield {
      id,
      name: `Customer number ${id}`,
      email: `customer.${id}@mail.example.com`,
      street: `${id % 900} Harbour Road`,
      city: 'Southampton',
      amount: id / 4,
      quantity: id % 17,
      note: 'delivered to the back door',
    };
  }
}

/** The columns of a table for them. */
export const itemColumns = {
  id: 'INTEGER',
  name: 'TEXT',
  email: 'TEXT',
  street: 'TEXT',
  city: 'TEXT',
  amount: 'REAL',
  quantity: 'INTEGER',
  note: 'TEXT',
} as const;

/** A moment of the monotonic clock, as an item. */
export interface Ping {
  at: number;
}
