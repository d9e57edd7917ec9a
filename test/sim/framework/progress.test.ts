import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Progress } from '../../../sim/progress.ts';
import { nowAndThen, stage } from '../../../sim/telling.ts';

/** Lines of a progress, at real times that the test sets. */
function shown(total: number): { lines: string[]; progress: Progress; at: { ms: number } } {
  const lines: string[] = [];
  const at = { ms: 0 };
  const write = (text: string): boolean => lines.push(text) > 0;
  const progress = new Progress({ isTTY: false, write }, total, () => at.ms);
  return { lines, progress, at };
}

test('a first line is there at once, the next ones now and then, with what is under way counted', () => {
  const { lines, progress, at } = shown(4);
  const [first, second] = [{}, {}];
  progress.tell(0, '4 runs');
  at.ms = 9_000;
  progress.reach(first, 0.5, 'not yet');
  at.ms = 10_000;
  progress.reach(second, 0.5, 'two halves');
  at.ms = 30_000;
  progress.add(1, 'one whole and a half', first);
  assert.deepEqual(lines, [
    '  0 %  4 runs\n',
    ' 25 %, 30 s left  two halves\n',
    ' 37 %, 50 s left  one whole and a half\n',
  ]);
});

test('how long it takes is not said of the first moments, whose runs may be the small ones', () => {
  const { lines, progress, at } = shown(1000);
  at.ms = 20_000;
  progress.add(1, 'a small run');
  at.ms = 40_000;
  progress.add(99, 'a large one');
  assert.deepEqual(lines, ['  0 %  a small run\n', ' 10 %, 6 min left  a large one\n']);
});

test('what is told is heard now and then, and costs nothing in between', () => {
  const heard: number[] = [];
  let ms = 0;
  let asked = 0;
  const tell = nowAndThen(
    200,
    (share) => heard.push(share),
    () => ms,
  );
  const half = stage(tell, 0.5, 1);
  for (; ms <= 400; ms += 50) {
    half(() => {
      asked += 1;
      return ms / 400;
    }, 'w');
  }
  assert.deepEqual(heard, [0.5, 0.75, 1]);
  assert.equal(asked, 3);
  ms += 200;
  tell(0.1, 'a share never falls');
  assert.equal(heard.at(-1), 1);
});
