// @ts-check
// Stops with an error if Node is too old for this project, or on Windows.

import { StartFailure } from './failure.cjs';

export function requireNode() {
  if (process.platform === 'win32') {
    throw new StartFailure('Windows itself is not supported.', 'Run the same command inside WSL.');
  }
  const [major = 0, minor = 0, patch = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor > 18) || (major === 20 && minor === 18 && patch >= 1)) return;
  throw new StartFailure(
    `Node ${process.versions.node} is too old.`,
    'Install Node 20.18.1 or newer (https://nodejs.org).',
  );
}
