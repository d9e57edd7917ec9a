/*
 * Names of what a run makes outside its own process hold its process id, so that a later run can tell what
 * a killed one has left behind.
 */

const PREFIX = 'ndb';

let made = 0;

/** A name that no other run uses, and this one only once. At most 12 characters of plain text. */
export function markedName(): string {
  made += 1;
  return `${PREFIX}${process.pid}-${made}`;
}

/** Whether a name was made by a run that is over. */
export function isLeftover(name: string): boolean {
  const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
  return pid !== undefined && !isRunning(Number(pid));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
