// @ts-check
// `npm run example -- <run>`: makes docs/ out of a run that has ended at a running product: the transcript of a coordinated run,
// and pictures of it in the dashboard.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { findChromium } from './chromium.mjs';
import { readEnvironment } from './environment.mjs';

const USAGE = `Usage: npm run example -- <run id> [--url http://127.0.0.1:8000]

Writes docs/coordinate-url-shortener.md, docs/dashboard-pipeline.webp and docs/dashboard-lanes-dark.webp. The run must be a coordinated
one that has completed; Chromium is needed (CHROMIUM_BIN).`;
/* global createImageBitmap, document */

const QUALITY = 0.8;
const VIEW = { width: 1280, height: 800 };

/**
 * @typedef {{ turn: string, label: string, model: string, text: string, status: string, duration_ms?: number,
 *   usage?: { prompt_tokens: number, completion_tokens: number } }} Turn
 * @typedef {{ run_id: string, status: string, message: string, turns: Turn[], responses: string[],
 *   usage: { prompt_tokens: number, completion_tokens: number },
 *   checks: { about: string, language: string, status: string, executed?: boolean, passed?: number, failed?: number,
 *     reason?: string, output?: string, errors?: string[] }[],
 *   stages: { stage: string, team_id: string, verdict?: string }[] }} Run
 */

/** @param {Run} run */
function transcriptOf({ message, turns, stages, usage, checks }) {
  const passed = stages.map(
    ({ stage, team_id, verdict }) => `${stage} (${team_id}${verdict ? `, verdict ${verdict}` : ''})`,
  );
  const seconds = turns.reduce((sum, { duration_ms = 0 }) => sum + duration_ms, 0) / 1000;
  return [
    '# A coordinated run, as it happened',
    `\`POST /swarm/coordinate ${JSON.stringify({ message })}\` on the embedded models (1.5B and 0.5B), no key; written down by \`npm run example\`.`,
    `Stages: ${passed.join('; ')}. ${turns.length} turns, ${usage.completion_tokens} tokens written, ${usage.prompt_tokens} read, ` +
      `${Math.round(seconds)} s at the model, on two busy cores. Nothing was edited. The models are small; what they say is theirs, what the sandbox says was measured.`,
    ...turns.flatMap((turn) => [
      ...sectionOf(turn),
      ...checks.filter(({ about }) => about === turn.turn).map(executionOf),
    ]),
    '',
  ].join('\n\n');
}

/** @param {Turn} turn */
function sectionOf({ turn, label, model, text, status, usage, duration_ms = 0 }) {
  const used = usage ? `, ${usage.completion_tokens} tokens, ${Math.round(duration_ms / 1000)} s` : '';
  const fence = text.includes('````') ? '`````' : '````';
  return [
    `## ${turn}: ${label}`,
    `${model}${used}${status === 'completed' ? '' : `, ${status}`}`,
    `${fence}markdown\n${text.trimEnd()}\n${fence}`,
  ];
}

/** @param {Run['checks'][number]} check */
function executionOf({ language, executed, passed = 0, failed = 0, reason = '', output = '', errors = [] }) {
  if (!executed) return `**Not executed.** ${reason}`;
  const lines = errors.map((error) => `- ${error.split('\n').at(-1)}`);
  const printed = output.trim() ? `\n\nIt printed:\n\n\`\`\`text\n${output.trimEnd()}\n\`\`\`` : '';
  return [`**Executed (${language}): ${passed} of ${passed + failed} checks passed.**`, ...lines].join('\n') + printed;
}

/**
 * @param {import('playwright-core').Browser} browser
 * @param {string} address
 * @param {{ colorScheme: 'light' | 'dark', stage?: string, file: string }} picture `stage`: whose lanes are shown.
 */
async function takePicture(browser, address, { colorScheme, stage, file }) {
  const page = await browser.newPage({ viewport: VIEW, colorScheme });
  await page.goto(address);
  await page.locator('.run-kind .status-completed').waitFor();
  if (stage) await page.locator(`.lane-group[aria-label="${stage}"]`).evaluate((group) => group.scrollIntoView());
  await page.waitForTimeout(1000);
  const shot = (await page.screenshot()).toString('base64');
  await page.close();
  const blank = await browser.newPage();
  const webp = await blank.evaluate(TO_WEBP, { shot, quality: QUALITY });
  await blank.close();
  await writeFile(file, Buffer.from(webp, 'base64'));
}

/** Runs in the browser, which can write WebP. */
const TO_WEBP = /** @param {{ shot: string, quality: number }} given */ async ({ shot, quality }) => {
  const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${shot}`)).blob());
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0);
  return canvas.toDataURL('image/webp', quality).split(',')[1] ?? '';
};

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { url: { type: 'string', default: 'http://127.0.0.1:8000' }, help: { type: 'boolean', short: 'h' } },
  });
  const [id] = positionals;
  if (values.help || !id) return void process.stdout.write(`${USAGE}\n`);
  const reply = await fetch(`${values.url}/runs/${encodeURIComponent(id)}`);
  const run = /** @type {Run} */ (await reply.json());
  if (run.status !== 'completed') throw new Error(`The run is ${run.status ?? 'unknown'}; it must have completed.`);
  const docs = join(readEnvironment().root, 'docs');
  await writeFile(join(docs, 'coordinate-url-shortener.md'), transcriptOf(run));
  const browser = await chromium.launch({ executablePath: findChromium() ?? '', args: ['--no-sandbox'] });
  const address = `${values.url}/dashboard/runs/${encodeURIComponent(id)}`;
  try {
    await takePicture(browser, address, { colorScheme: 'light', file: join(docs, 'dashboard-pipeline.webp') });
    await takePicture(browser, address, {
      ...{ colorScheme: 'dark', stage: 'Implement' },
      file: join(docs, 'dashboard-lanes-dark.webp'),
    });
  } finally {
    await browser.close();
  }
}

await main();
