import { BOARDS } from './boards/index.ts';
import { InputError } from './command.ts';
import type { PlayAnswer, PlayOrder } from './players.ts';

/* One of the processes that runs are shared out to. It ends with its parent. */

async function play({ board, input }: PlayOrder): Promise<PlayAnswer> {
  try {
    const found = BOARDS.find(({ name }) => name === board);
    if (found === undefined) throw new Error(`no board is called ${board}`);
    return { outcome: await found.play(input) };
  } catch (error) {
    if (error instanceof InputError) return { refusal: error.message };
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

process.on('message', (order: PlayOrder) => {
  void play(order).then((answer) => process.send?.(answer));
});
process.on('disconnect', () => process.exit());
