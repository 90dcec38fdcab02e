import { Writable } from 'node:stream';
import winston from 'winston';
import type { LineFormat, LogRecord } from './line-format.ts';
import type { LineOutput } from './line-output.ts';
import { ranks, type Level } from './log-lines.ts';

/** The only file that imports winston. Loaded for the first line, because it takes as long as the rest of a start. */
export interface Logger {
  write(record: LogRecord): void;
  /** Resolves when every line so far has been handed to the output. */
  end(): Promise<void>;
}

/** The property where winston puts the formatted text. */
const messageKey = Symbol.for('message');

interface Entry extends winston.Logform.TransformableInfo {
  record: LogRecord;
  [messageKey]?: string;
}

export function createLogger(options: { level: Level; format: LineFormat; output: LineOutput }): Logger {
  const target = new Writable({
    objectMode: true,
    write(entry: Entry, _, next) {
      options.output.write(entry[messageKey] ?? '', ranks[entry.record.level] <= ranks.warn);
      next();
    },
  });
  const transport = new winston.transports.Stream({ stream: target });
  const logger = winston.createLogger({
    levels: ranks,
    level: options.level,
    format: winston.format.printf((entry) => options.format((entry as Entry).record)),
    transports: [transport],
  });
  return {
    write: (record) => void logger.log({ level: record.level, message: record.message, record }),
    end: () =>
      new Promise((resolve) => {
        transport.once('finish', resolve);
        logger.end();
      }),
  };
}
