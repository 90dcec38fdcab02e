/** The types that a column can be declared as. */
export const csvTypes = ['integer', 'number', 'boolean', 'date', 'json', 'text'] as const;

export type CsvType = (typeof csvTypes)[number];
