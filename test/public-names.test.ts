// What the package lets users import, by subpath, against a list that is kept by hand: a name that comes or goes
// is a decision, and is seen in review.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import ts from 'typescript';

interface PublicNames {
  /** Names that exist at run time. */
  readonly values: readonly string[];
  readonly types: readonly string[];
}

const LIST = 'test/golden/public-names.json';

/** Source of every subpath of the exports map that holds code. */
function entryFiles(): Map<string, string> {
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    exports: Record<string, string | { default: string }>;
  };
  const entries = new Map<string, string>();
  for (const [subpath, target] of Object.entries(exports)) {
    if (typeof target === 'string') continue;
    entries.set(subpath, target.default.replace('./dist/', 'src/').replace(/\.js$/, '.ts'));
  }
  return entries;
}

/** What a module exports, sorted. */
function exportedNames(checker: ts.TypeChecker, source: ts.SourceFile): PublicNames {
  const symbol = checker.getSymbolAtLocation(source);
  const exported = symbol === undefined ? [] : checker.getExportsOfModule(symbol);
  const isTypeOnly = (each: ts.Symbol): boolean => {
    const isMarked = (each.declarations ?? []).some(
      (declaration) => ts.isExportSpecifier(declaration) && isTypeExport(declaration),
    );
    const isAlias = (each.flags & ts.SymbolFlags.Alias) !== 0;
    const target = isAlias ? checker.getAliasedSymbol(each) : each;
    return isMarked || (target.flags & ts.SymbolFlags.Value) === 0;
  };
  const names = (wanted: boolean): string[] =>
    exported
      .filter((each) => isTypeOnly(each) === wanted)
      .map(({ name }) => name)
      .sort();
  return { values: names(false), types: names(true) };
}

function isTypeExport(specifier: ts.ExportSpecifier): boolean {
  return specifier.isTypeOnly || specifier.parent.parent.isTypeOnly;
}

test('every subpath offers exactly the names on the list', () => {
  const entries = entryFiles();
  const { config } = ts.readConfigFile('tsconfig.json', (path) => readFileSync(path, 'utf8')) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, '.');
  const program = ts.createProgram([...entries.values()], { ...options, noEmit: true });
  const checker = program.getTypeChecker();
  const found = Object.fromEntries(
    [...entries].map(([subpath, path]) => {
      const source = program.getSourceFile(path);
      assert.ok(source !== undefined, path);
      return [subpath, exportedNames(checker, source)];
    }),
  );
  const listed = JSON.parse(readFileSync(LIST, 'utf8')) as Record<string, PublicNames>;
  assert.deepEqual(found, listed, `write the change into ${LIST}, and say so in CHANGELOG.md`);
});

test('parts that only the layers above need are not among the public names', () => {
  const listed = JSON.parse(readFileSync(LIST, 'utf8')) as Record<string, PublicNames>;
  const { values = [], types = [] } = listed['./memberlist'] ?? {};
  assert.ok(values.includes('Memberlist'));
  for (const internal of ['Pacer', 'Listeners', 'resolvePorts', 'Ports', 'MemberlistConfig']) {
    assert.ok(![...values, ...types].includes(internal), internal);
  }
});
