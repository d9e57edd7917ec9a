import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { posix } from 'node:path';

import ts from 'typescript';

/** A text file of the project; the path is relative to its root, with forward slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** One import or re-export of a file. */
export interface ImportEdge {
  readonly from: string;
  /** Path of the file for relative imports, else the specifier as written. */
  readonly to: string;
  readonly isTypeOnly: boolean;
  readonly line: number;
}

/**
 * The files under some roots that have one of the endings, sorted by path.
 *
 * @param roots - files or folders; those that do not exist are passed over
 */
export function readFiles(roots: readonly string[], endings: readonly string[]): SourceFile[] {
  return roots
    .filter((root) => existsSync(root))
    .flatMap((root) => {
      if (!statSync(root).isDirectory()) return [root];
      const names = readdirSync(root, { recursive: true, encoding: 'utf8' });
      return names.map((name) => posix.join(root, name.replaceAll('\\', '/')));
    })
    .filter((path) => endings.some((ending) => path.endsWith(ending)))
    .filter((path) => statSync(path).isFile())
    .sort()
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
}

/** Parses a file for looking at; no types are computed. */
export function parse(file: SourceFile): ts.SourceFile {
  return ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ES2023, true);
}

/** Calls `visit` for every node of a tree, parents first. */
export function walkNodes(root: ts.Node, visit: (node: ts.Node) => void): void {
  const pending = [root];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    visit(node);
    ts.forEachChild(node, (child) => {
      pending.push(child);
    });
  }
}

/** Every static, dynamic and type import, and every re-export of a file. */
export function importsOf(file: SourceFile): ImportEdge[] {
  const edges: ImportEdge[] = [];
  const tree = parse(file);
  walkNodes(tree, (node) => {
    const found = specifierOf(node);
    if (found === null) return;
    const isRelative = found.specifier.startsWith('.');
    edges.push({
      from: file.path,
      to: isRelative ? posix.join(posix.dirname(file.path), found.specifier) : found.specifier,
      isTypeOnly: found.isTypeOnly,
      line: tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1,
    });
  });
  return edges;
}

function specifierOf(node: ts.Node): { specifier: string; isTypeOnly: boolean } | null {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    const isTypeOnly = node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
    return { specifier: node.moduleSpecifier.text, isTypeOnly };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
    if (!ts.isStringLiteral(node.moduleSpecifier)) return null;
    return { specifier: node.moduleSpecifier.text, isTypeOnly: node.isTypeOnly };
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    const { literal } = node.argument;
    return ts.isStringLiteral(literal) ? { specifier: literal.text, isTypeOnly: true } : null;
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [argument] = node.arguments;
    if (argument === undefined || !ts.isStringLiteral(argument)) return null;
    return { specifier: argument.text, isTypeOnly: false };
  }
  return null;
}
