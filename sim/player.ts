import { BOARDS } from './boards/index.ts';
import { InputError } from './command.ts';
import type { PlayAnswer, PlayOrder, PlayWord } from './players.ts';
import { TOLD_EACH_MS } from './players.ts';
import { nowAndThen } from './telling.ts';

/* One of the processes that runs are shared out to. It ends with its parent. */

async function play({ board, input }: PlayOrder): Promise<PlayAnswer> {
  try {
    const found = BOARDS.find(({ name }) => name === board);
    if (found === undefined) throw new Error(`no board is called ${board}`);
    const tell = nowAndThen(TOLD_EACH_MS, (share, what) => {
      say({ share, what });
    });
    return { outcome: await found.play(input, tell) };
  } catch (error) {
    if (error instanceof InputError) return { refusal: error.message };
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** While a run is under way this process does not see its parent end: it learns of it when it has something to say. */
function say(word: PlayAnswer | PlayWord): void {
  if (!process.connected) process.exit();
  process.send?.(word, undefined, undefined, (error) => {
    if (error !== null) process.exit();
  });
}

process.on('message', (order: PlayOrder) => {
  void play(order).then(say);
});
process.on('disconnect', () => process.exit());
