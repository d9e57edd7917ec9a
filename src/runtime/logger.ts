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

/** A logger whose faults stay its own: what a line throws is dropped, so that logging ends nothing. */
export function forgivingLogger(logger: Logger): Logger {
  const at = (level: keyof Logger) => (fields: LogFields, message: string) => {
    try {
      logger[level](fields, message);
    } catch {
      // There is nowhere left to tell it.
    }
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
