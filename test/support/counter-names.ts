import ts from 'typescript';

import type { SourceFile } from './source-files.ts';
import { parse, walkNodes } from './source-files.ts';

/**
 * Names of the counters that the sources add to, sorted.
 *
 * A name that ends in something computed stands with a star: `packets.dropped.*`.
 */
export function counterNames(files: readonly SourceFile[]): string[] {
  const names = new Set<string>();
  for (const file of files) {
    walkNodes(parse(file), (node) => {
      if (!ts.isCallExpression(node) || !isCounterAdd(node.expression)) return;
      const [name] = node.arguments;
      if (name !== undefined) for (const each of namesIn(name)) names.add(each);
    });
  }
  return [...names].sort();
}

function isCounterAdd(callee: ts.Expression): boolean {
  if (!ts.isPropertyAccessExpression(callee) || callee.name.text !== 'add') return false;
  return /counters$/.test(callee.expression.getText());
}

function namesIn(expression: ts.Expression): string[] {
  if (ts.isStringLiteralLike(expression)) return [expression.text];
  if (ts.isTemplateExpression(expression)) return [`${expression.head.text}*`];
  if (ts.isConditionalExpression(expression)) {
    return [...namesIn(expression.whenTrue), ...namesIn(expression.whenFalse)];
  }
  return [`a computed name: ${expression.getText()}`];
}

/** What a document's tables say of counters: the names in code marks in the first column. */
export function documentedCounters(doc: SourceFile): string[] {
  return [...doc.text.matchAll(/^\| *`([a-z][\w.*]*)` *\|/gm)].map(([, name]) => name as string);
}
