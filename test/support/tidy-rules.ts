import ts from 'typescript';

import type { ImportEdge, SourceFile } from './source-files.ts';
import { importsOf, parse, walkNodes } from './source-files.ts';

/*
 * What the tidy test holds about the sources, as pure functions from files to findings: an empty list
 * is a clean house. Each finding is one line that begins with the path.
 */

/** Which folders of src/ each folder may import from; `root` is the facade, src/index.ts. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  runtime: [],
  codec: [],
  memberlist: ['runtime', 'codec'],
  networkdb: ['runtime', 'codec', 'memberlist'],
  presence: ['runtime', 'networkdb'],
  discovery: ['runtime'],
  root: ['runtime', 'codec', 'memberlist', 'networkdb', 'presence', 'discovery'],
  simulator: ['runtime', 'codec', 'memberlist', 'networkdb', 'presence', 'discovery'],
  diagnostics: ['runtime', 'codec', 'memberlist', 'networkdb', 'presence', 'discovery'],
  cli: [
    'runtime',
    'codec',
    'memberlist',
    'networkdb',
    'presence',
    'discovery',
    'simulator',
    'diagnostics',
    'root',
  ],
};

/** Folders whose public edge may fall back to the real clock, random generator and sockets. */
const MAY_IMPORT_NODE_RUNTIME = ['memberlist', 'networkdb', 'discovery', 'root', 'cli'];

/** Files that may too: what drives a simulation needs turns of the real loop, its record a hash. */
const NODE_RUNTIME_FILES = ['src/simulator/simulate.ts', 'src/simulator/trace.ts'];

const NODE_RUNTIME = 'src/runtime/node/';
const LINES_MAX = 600;

/** Imports against the direction of the layers, or past a folder's door. */
export function checkDirections(files: readonly SourceFile[]): string[] {
  return files.flatMap(importsOf).flatMap((edge) => {
    if (!edge.from.startsWith('src/') || !edge.to.startsWith('src/')) return leavesSrc(edge);
    const problem = directionProblem(edge);
    return problem === null ? [] : [`${edge.from}:${edge.line} imports ${edge.to}: ${problem}`];
  });
}

function leavesSrc(edge: ImportEdge): string[] {
  const isInside = edge.from.startsWith('src/');
  const isPath = edge.to.startsWith('.') || /^(test|demo|benchmarks|scripts|dist)\//.test(edge.to);
  return isInside && isPath ? [`${edge.from}:${edge.line} imports ${edge.to}: outside src/`] : [];
}

function directionProblem(edge: ImportEdge): string | null {
  const from = folderOf(edge.from);
  const to = folderOf(edge.to);
  const isToNode = edge.to.startsWith(NODE_RUNTIME);
  if (isToNode && !edge.from.startsWith(NODE_RUNTIME)) {
    const isAllowed =
      MAY_IMPORT_NODE_RUNTIME.includes(from) || NODE_RUNTIME_FILES.includes(edge.from);
    if (!isAllowed) return `${from} may not use the Node runtime`;
    return edge.to === `${NODE_RUNTIME}index.ts` ? null : 'not through its index.ts';
  }
  if (from === to) return null;
  if (from === 'codec' && edge.to === 'src/runtime/errors.ts') return null;
  if (from === 'codec' && edge.to === 'src/runtime/random.ts' && edge.isTypeOnly) return null;
  const allowed = MAY_IMPORT[from];
  if (allowed === undefined) return `the folder ${from} has no rule`;
  if (!allowed.includes(to)) return `${from} may not use ${to}`;
  return edge.to === doorOf(to) ? null : 'not through its index.ts';
}

function folderOf(path: string): string {
  const parts = path.split('/');
  return parts.length === 2 ? 'root' : (parts[1] as string);
}

function doorOf(folder: string): string {
  return folder === 'root' ? 'src/index.ts' : `src/${folder}/index.ts`;
}

/** Circles of imports, type imports included; each is named once. */
export function checkCycles(files: readonly SourceFile[]): string[] {
  const targets = new Map<string, string[]>();
  for (const file of files) {
    targets.set(
      file.path,
      importsOf(file).map((edge) => edge.to),
    );
  }
  const findings: string[] = [];
  const finished = new Set<string>();
  const open: string[] = [];
  const visit = (path: string): void => {
    if (finished.has(path)) return;
    const at = open.indexOf(path);
    if (at >= 0) {
      findings.push(`${[...open.slice(at), path].join(' -> ')}: a cycle`);
      return;
    }
    open.push(path);
    for (const next of targets.get(path) ?? []) visit(next);
    open.pop();
    finished.add(path);
  };
  for (const file of files) visit(file.path);
  return findings;
}

/** Files that nobody reads in one sitting. */
export function checkLengths(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) => {
    const lines = text.trimEnd().split('\n').length;
    return lines > LINES_MAX ? [`${path}: ${lines} lines, at most ${LINES_MAX}`] : [];
  });
}

const AMBIENT = new Set([
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
  'queueMicrotask',
  'performance',
  'process',
  'console',
  'globalThis',
  'fetch',
]);
const AMBIENT_MEMBERS = new Set(['Date.now', 'Math.random', 'crypto.getRandomValues']);
const PURE_NODE_MODULES = new Set(['node:events', 'node:util']);

/** Time, randomness, sockets and the process, wherever protocol code would fetch them itself. */
export function checkAmbient(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => path.startsWith('src/') && !path.startsWith(NODE_RUNTIME))
    .flatMap((file) => {
      const modules = importsOf(file)
        .filter((edge) => !edge.isTypeOnly && edge.to.startsWith('node:'))
        .filter((edge) => !isAllowedModule(file.path, edge.to))
        .map((edge) => `${file.path}:${edge.line}: ${edge.to}`);
      return [...modules, ...ambientUses(file)];
    });
}

function isAllowedModule(path: string, specifier: string): boolean {
  if (PURE_NODE_MODULES.has(specifier)) return true;
  if (specifier === 'node:buffer') return path === 'src/codec/kept-bytes.ts';
  return specifier === 'node:crypto' && /^src\/codec\/(aes|[^/]*cipher)[^/]*\.ts$/.test(path);
}

function ambientUses(file: SourceFile): string[] {
  const findings: string[] = [];
  const tree = parse(file);
  walkNodes(tree, (node) => {
    const name = ambientName(node);
    if (name === null) return;
    const { line } = tree.getLineAndCharacterOfPosition(node.getStart(tree));
    findings.push(`${file.path}:${line + 1}: ${name}`);
  });
  return findings;
}

function ambientName(node: ts.Node): string | null {
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date') return 'new Date';
  if (ts.isPropertyAccessExpression(node)) {
    const text = node.getText();
    return AMBIENT_MEMBERS.has(text) ? text : null;
  }
  if (!ts.isIdentifier(node) || !AMBIENT.has(node.text)) return null;
  const { parent } = node;
  const isUse =
    (ts.isCallExpression(parent) && parent.expression === node) ||
    (ts.isPropertyAccessExpression(parent) && parent.expression === node);
  return isUse ? node.text : null;
}

const PARTS = ['When', 'State', 'Retry'];

/** Codes without an entry in the document, entries without a code, and entries that say too little. */
export function checkErrorDocs(codes: readonly string[], doc: SourceFile): string[] {
  const sections = doc.text.split(/^## /m).slice(1);
  const entries = new Map(
    sections.map((section) => [section.split('\n', 1)[0]?.trim() ?? '', section]),
  );
  const missing = codes.filter((code) => !entries.has(code)).map((code) => `${code} has no entry`);
  const findings = [...entries].flatMap(([heading, section]) => {
    if (!heading.startsWith('ERR_')) return [];
    if (!codes.includes(heading)) return [`${heading} is no code`];
    return PARTS.filter(
      (part) => !new RegExp(`^- \\*\\*${part}:\\*\\* \\S`, 'm').test(section),
    ).map((part) => `${heading} does not say ${part}`);
  });
  const listed = sections.length === entries.size ? [] : ['an entry stands there twice'];
  return [...missing, ...findings, ...listed].map((problem) => `${doc.path}: ${problem}`);
}

// Put together from parts, so that this file is not its own finding.
const LEFTOVERS = ['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'];
const MACHINE_PATHS = ['/ho' + 'me/', '/Us' + 'ers/', '/ro' + 'ot/', '/wo' + 'rk/', 'C:' + '\\\\'];

/** Words that promise work for later, and paths that exist on one machine only. */
export function checkLeftovers(files: readonly SourceFile[]): string[] {
  const leftover = new RegExp(`\\b(${LEFTOVERS.join('|')})\\b`);
  const machinePath = new RegExp(`(^|[\\s'"\`(=])(${MACHINE_PATHS.join('|')})`);
  return files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => {
      if (leftover.test(line)) return [`${path}:${index + 1}: work left for later`];
      return machinePath.test(line) ? [`${path}:${index + 1}: a path of one machine`] : [];
    }),
  );
}

/** Tests that are switched off, or that switch all others off. */
export function checkSwitchedOff(files: readonly SourceFile[]): string[] {
  const runner = new Set(['test', 'it', 'describe', 'suite', 't']);
  const switches = new Set(['skip', 'todo', 'only']);
  return files.flatMap((file) => {
    const findings: string[] = [];
    walkNodes(parse(file), (node) => {
      if (!ts.isPropertyAccessExpression(node) || !switches.has(node.name.text)) return;
      if (!runner.has(node.expression.getText())) return;
      findings.push(`${file.path}: ${node.getText()}`);
    });
    return findings;
  });
}
