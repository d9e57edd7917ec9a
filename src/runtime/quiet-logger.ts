import type { Clock } from './clock.ts';
import type { LogFields, Logger } from './logger.ts';

/**
 * A logger that writes the same warning or error about the same subject once a minute.
 *
 * How often such a line comes up is for peers to decide, and how many subjects there are too, so of each line
 * at most {@link MAX_SUBJECTS} subjects are written in a minute. What was left out is told as `repeated` with the next
 * line about the subject. Lines of the other levels pass as they are: who asks for them wants all.
 *
 * @param clock - tells the minutes
 */
export function quietLogger(logger: Logger, clock: Clock): Logger {
  const written = new Map<string, Map<string, Written>>();
  const limited =
    (level: 'warn' | 'error') =>
    (fields: LogFields, message: string): void => {
      const subjects = written.get(message) ?? new Map<string, Written>();
      written.set(message, subjects);
      const repeated = admit(subjects, subjectOf(fields), clock.now());
      if (repeated === null) return;
      logger[level](repeated === 0 ? fields : { ...fields, repeated }, message);
    };
  return {
    debug: (fields, message) => {
      logger.debug(fields, message);
    },
    info: (fields, message) => {
      logger.info(fields, message);
    },
    warn: limited('warn'),
    error: limited('error'),
  };
}

/** When a line about one subject was last written, and how often it was left out since. */
interface Written {
  readonly at: number;
  repeated: number;
}

/** How often the line was left out before; null when it is left out now. The longest ago stand first. */
function admit(subjects: Map<string, Written>, subject: string, now: number): number | null {
  const last = subjects.get(subject);
  if (last !== undefined && now - last.at < WRITE_AGAIN_MS) {
    last.repeated += 1;
    return null;
  }
  subjects.delete(subject);
  for (const [other, { at }] of subjects) {
    if (subjects.size < MAX_SUBJECTS || now - at < WRITE_AGAIN_MS) break;
    subjects.delete(other);
  }
  if (subjects.size >= MAX_SUBJECTS) return null;
  subjects.set(subject, { at: now, repeated: 0 });
  return last?.repeated ?? 0;
}

/** Whom or what a line is about: the fields that name something, without those that measure. */
function subjectOf(fields: LogFields): string {
  return JSON.stringify(SUBJECT_FIELDS.map((name) => fields[name]));
}

const SUBJECT_FIELDS = ['node', 'host', 'hook', 'code'] as const;
const WRITE_AGAIN_MS = 60_000;
/** Subjects of one line that are written within a minute. */
const MAX_SUBJECTS = 64;
