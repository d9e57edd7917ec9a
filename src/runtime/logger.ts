/** Named values that belong to a log line. Never keys, payloads or plaintext. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Where log lines go: fields first, then the message, so that pino and its like fit as they are.
 *
 * Nothing is logged unless one is given.
 */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

const ignore = (): void => undefined;

/** Drops every line; the default. */
export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
