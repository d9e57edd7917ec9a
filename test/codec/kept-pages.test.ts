import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { fitsPage, lastPage, pageText, putInPage } from '../../src/codec/index.ts';

const put = (bytes: Uint8Array): { page: Uint8Array; place: number } => {
  const place = putInPage({ bytes, start: 0, end: bytes.length });
  return { page: lastPage(), place };
};

test('values in pages are read as they were put there, whatever comes after them', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 256 }), { minLength: 1, maxLength: 60 }),
      (values) => {
        const kept = values.map((value) => put(value));
        for (const [i, { page, place }] of kept.entries()) {
          const expected = Buffer.from(values[i] ?? new Uint8Array(0)).toString('latin1');
          assert.equal(pageText(page, place), expected);
        }
      },
    ),
    { numRuns: 100 },
  );
});

test('only the part that was named is put into a page', () => {
  const bytes = Uint8Array.of(1, 2, 3, 4, 5);
  const place = putInPage({ bytes, start: 1, end: 3 });
  assert.equal(pageText(lastPage(), place), '\x02\x03');
});

test('a page has 4 KiB, so that one value that stays holds no more', () => {
  const pages = new Set(Array.from({ length: 200 }, () => put(new Uint8Array(256)).page));
  for (const page of pages) assert.ok(page.length === 4_096 && page.byteLength === 4_096);
  assert.ok(pages.size >= 12 && pages.size <= 14, `${pages.size}`);
});

test('empty and long values have no place in a page', () => {
  assert.deepEqual(
    [0, 1, 256, 257].map((length) => fitsPage(length)),
    [false, true, true, false],
  );
});
