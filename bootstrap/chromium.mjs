// @ts-check
// Where the browser of the dashboard's suites comes from: CHROMIUM_BIN, a program on PATH, or apt-get when we are root.

import { StartFailure } from './failure.mjs';
import { aptInstall, canAptInstall } from './apt.mjs';
import { findProgram, isExecutable } from './run-command.mjs';

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const HOW_TO_INSTALL =
  'Install it (Debian: sudo apt install chromium; Fedora: sudo dnf install chromium; macOS: brew install --cask chromium), or set CHROMIUM_BIN.';

/** The path of a Chromium or Chrome that is there. */
export function findChromium() {
  const named = process.env.CHROMIUM_BIN;
  return named && isExecutable(named) ? named : findProgram(PROGRAMS);
}

/**
 * The path of a browser, installed first when that is possible.
 * @param {import('./prepare.mjs').Context} context
 * @returns {Promise<string>}
 */
export async function ensureChromium({ progress, signal }) {
  const found = findChromium();
  if (found) return found;
  return progress.run('Chromium', async (step) => {
    const complaints = canAptInstall() ? await aptInstall(['chromium'], step, signal) : [];
    const installed = findChromium();
    if (installed) return installed;
    throw new StartFailure('Chromium was not found.', HOW_TO_INSTALL, complaints);
  });
}
