// @ts-check
// Bundles dist/workflows once at build time, so that no worker spends seconds on it at its start. A program of its own,
// because the bundler keeps a thread busy and would freeze the progress lines. Arguments: the repository, the target
// file.

import { renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [root = '.', target = 'workflow-bundle.js'] = process.argv.slice(2);
const { bundleWorkflowCode } = createRequire(join(root, 'package.json'))('@temporalio/worker');

const { code } = await bundleWorkflowCode({ workflowsPath: join(root, 'dist', 'workflows', 'index.js') });
// A worker may be starting from this very file: it sees the old bundle or the new one, never half of one.
writeFileSync(`${target}.new`, code);
renameSync(`${target}.new`, target);
