import { posix } from 'node:path';

import ts from 'typescript';

import type { SourceFile } from './source-files.ts';

/*
 * Code blocks of the documents. A block that opens with ```ts must compile, one with ```ts run must
 * also run to its end. Names that a block takes for granted can be declared for it in a comment that the reader
 * does not see, right above it:
 *
 *     <!-- given
 *     declare const db: NetworkDB;
 *     -->
 */

/** One code block of a document. */
export interface DocBlock {
  /** Document and line of the opening fence: `README.md:12`. */
  readonly where: string;
  readonly code: string;
  readonly isRunnable: boolean;
}

const SUBPATHS: Readonly<Record<string, string>> = {
  networkdb: 'src/index',
  'networkdb/memberlist': 'src/memberlist/public',
  'networkdb/codec': 'src/codec/public',
  'networkdb/simulator': 'src/simulator/index',
};

const BLOCK = /(?:^<!-- given\n([\s\S]*?)^-->\n+)?^```ts([^\n]*)\n([\s\S]*?)^```$/gm;

/** The TypeScript blocks of a document, in order. */
export function tsBlocks(doc: SourceFile): DocBlock[] {
  return [...doc.text.matchAll(BLOCK)].map((match) => {
    const [whole, given = '', info = '', code = ''] = match;
    const fence = match.index + whole.indexOf('```ts');
    const line = doc.text.slice(0, fence).split('\n').length;
    const isRunnable = info.trim().split(/\s+/).includes('run');
    return { where: `${doc.path}:${line}`, code: `${given}${code}export {};\n`, isRunnable };
  });
}

/**
 * Compiles blocks against the sources, under the names by which users import the package.
 *
 * @param folder - where the blocks are taken to stand; nothing is written
 * @returns one line per error, with the place of the block
 */
export function compileBlocks(blocks: readonly DocBlock[], folder: string): string[] {
  const virtual = new Map(
    blocks.map((block, at) => [posix.join(process.cwd(), folder, `block-${at}.ts`), block]),
  );
  const paths = Object.entries(SUBPATHS).map(([name, file]) => [name, [`./${file}.ts`]]);
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    module: ts.ModuleKind.NodeNext,
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    noEmit: true,
    paths: Object.fromEntries(paths) as Record<string, string[]>,
  };
  const host = ts.createCompilerHost(options);
  const readFile = host.readFile.bind(host);
  const fileExists = host.fileExists.bind(host);
  host.readFile = (path) => virtual.get(path)?.code ?? readFile(path);
  host.fileExists = (path) => virtual.has(path) || fileExists(path);
  const getSourceFile = host.getSourceFile.bind(host);
  host.getSourceFile = (path, language, ...rest) => {
    const block = virtual.get(path);
    if (block === undefined) return getSourceFile(path, language, ...rest);
    return ts.createSourceFile(path, block.code, language, true);
  };
  const program = ts.createProgram([...virtual.keys()], options, host);
  return ts.getPreEmitDiagnostics(program).flatMap((diagnostic) => {
    const where = virtual.get(diagnostic.file?.fileName ?? '')?.where;
    const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ');
    return where === undefined ? [] : [`${where}: ${text}`];
  });
}

/**
 * A block as a JavaScript module that imports the compiled sources.
 *
 * @param root - path from the module's folder to the compiled project, `..` for instance
 */
export function runnableModule(block: DocBlock, root: string): string {
  const { outputText } = ts.transpileModule(block.code, {
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
  });
  const imported = /(from\s+|import\(|import\s+)(['"])([^'"]+)\2/g;
  return outputText.replace(imported, (all: string, lead: string, quote: string, name: string) => {
    const file = SUBPATHS[name];
    return file === undefined ? all : `${lead}${quote}${root}/${file}.js${quote}`;
  });
}
