/** Bundles dist/workflows into a file at build time, which saves each worker seconds at its start. Argument: the file. */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { defineProgram, EXIT } from '../define-program';

const SOURCE_MAP = '//# sourceMappingURL=data:application/json;charset=utf-8;base64,';

export const main = defineProgram(async ({ root, args: [target = join(root, 'dist', 'workflow-bundle.js')] }) => {
  const { code } = await bundleWorkflowCode({ workflowsPath: join(root, 'dist', 'workflows', 'index.js') });
  // A worker may be starting from this file: it must read the whole old bundle or the whole new one.
  writeFileSync(`${target}.new`, dropSources(code));
  renameSync(`${target}.new`, target);
  return EXIT.completed;
});

/** Drops the sources from the source map, which each worker decodes at its start: they are half of it, and stand in dist/workflows. */
function dropSources(code: string): string {
  const start = code.lastIndexOf(SOURCE_MAP);
  if (start < 0) throw new Error('The workflow bundle has no source map.');
  const encoded = code.slice(start + SOURCE_MAP.length).trimEnd();
  const { sourcesContent: _dropped, ...map } = JSON.parse(Buffer.from(encoded, 'base64').toString()) as object & {
    sourcesContent?: unknown;
  };
  return `${code.slice(0, start)}${SOURCE_MAP}${Buffer.from(JSON.stringify(map)).toString('base64')}\n`;
}
