/**
 * `npm run example -- <run>`: writes the example pages of docs/ from an ended run: the transcript of a coordinated run, and screenshots of
 * it in the dashboard.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium, type Browser } from 'playwright-core';
import type { RunView } from '../../contract/replies';
import { findChromium } from '../../dev-stack/installed-programs';
import { defineProgram, EXIT } from '../define-program';

const USAGE = `Usage: npm run example -- <run id> [--url http://127.0.0.1:8000]

Writes docs/use/coordinate-url-shortener.md, docs/images/dashboard-pipeline.webp and docs/images/dashboard-lanes-dark.webp. The run must
be a coordinated one that has completed; Chromium is needed (CHROMIUM_BIN).`;

const QUALITY = 0.8;
const VIEW = { width: 1280, height: 800 };

type Turn = RunView['turns'][number];
type Check = RunView['checks'][number];

function writeTranscript({ message, turns, stages = [], usage, checks }: RunView): string {
  const passed = stages.map(
    ({ stage, team_id, verdict }) => `${stage} (${team_id}${verdict ? `, verdict ${verdict}` : ''})`,
  );
  const seconds = turns.reduce((sum, turn) => sum + readDuration(turn), 0) / 1000;
  return [
    '# A coordinated run, as it happened',
    `\`POST /swarm/coordinate ${JSON.stringify({ message })}\` on the embedded models (1.5B and 0.5B), no key; written down by \`npm run example\`.`,
    `Stages: ${passed.join('; ')}. ${turns.length} turns, ${usage?.completion_tokens} tokens written, ${usage?.prompt_tokens} read, ` +
      `${Math.round(seconds)} s at the model, on two busy cores. Nothing was edited. The models are small; what they say is theirs, what the sandbox says was measured.`,
    ...turns.flatMap((turn) => [
      ...writeSection(turn),
      ...checks.filter(({ about }) => about === turn.turn).map(writeExecution),
    ]),
    '',
  ].join('\n\n');
}

function readDuration(turn: Turn): number {
  return 'duration_ms' in turn ? (turn.duration_ms ?? 0) : 0;
}

function writeSection(turn: Turn): string[] {
  const { label, model, text, status, usage } = turn;
  const used = usage ? `, ${usage.completion_tokens} tokens, ${Math.round(readDuration(turn) / 1000)} s` : '';
  const fence = text.includes('````') ? '`````' : '````';
  return [
    `## ${turn.turn}: ${label}`,
    `${model}${used}${status === 'completed' ? '' : `, ${status}`}`,
    `${fence}markdown\n${text.trimEnd()}\n${fence}`,
  ];
}

function writeExecution({
  language,
  executed,
  passed = 0,
  failed = 0,
  reason = '',
  output = '',
  errors = [],
}: Check): string {
  if (!executed) return `**Not executed.** ${reason}`;
  const lines = errors.map((error) => `- ${error.split('\n').at(-1)}`);
  const printed = output.trim() ? `\n\nIt printed:\n\n\`\`\`text\n${output.trimEnd()}\n\`\`\`` : '';
  return [`**Executed (${language}): ${passed} of ${passed + failed} checks passed.**`, ...lines].join('\n') + printed;
}

interface Screenshot {
  colorScheme: 'light' | 'dark';
  /** The stage whose lanes are shown. */
  stage?: string;
  file: string;
}

async function takeScreenshot(
  browser: Browser,
  address: string,
  { colorScheme, stage, file }: Screenshot,
): Promise<void> {
  const page = await browser.newPage({ viewport: VIEW, colorScheme });
  await page.goto(address);
  await page.locator('.run-kind .status-completed').waitFor();
  if (stage) await page.locator(`.lane-group[aria-label="${stage}"]`).evaluate('(group) => group.scrollIntoView()');
  await page.waitForTimeout(1000);
  const shot = (await page.screenshot()).toString('base64');
  await page.close();
  const blank = await browser.newPage();
  const webp: string = await blank.evaluate(`(${TO_WEBP})(${JSON.stringify({ shot, quality: QUALITY })})`);
  await blank.close();
  await writeFile(file, Buffer.from(webp, 'base64'));
}

/** Runs in the browser, which can encode WebP. */
const TO_WEBP = `async ({ shot, quality }) => {
  const bitmap = await createImageBitmap(await (await fetch('data:image/png;base64,' + shot)).blob());
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
  canvas.getContext('2d').drawImage(bitmap, 0, 0);
  return canvas.toDataURL('image/webp', quality).split(',')[1] ?? '';
}`;

export const main = defineProgram(async ({ root, args }) => {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { url: { type: 'string', default: 'http://127.0.0.1:8000' }, help: { type: 'boolean', short: 'h' } },
  });
  const [id] = positionals;
  if (values.help || !id) {
    process.stdout.write(`${USAGE}\n`);
    return EXIT.completed;
  }
  const reply = await fetch(`${values.url}/runs/${encodeURIComponent(id)}`);
  const run = (await reply.json()) as RunView;
  if (run.status !== 'completed') throw new Error(`The run is ${run.status ?? 'unknown'}; it must have completed.`);
  const docs = join(root, 'docs');
  await writeFile(join(docs, 'use', 'coordinate-url-shortener.md'), writeTranscript(run));
  const browser = await chromium.launch({ executablePath: findChromium() ?? '', args: ['--no-sandbox'] });
  const address = `${values.url}/dashboard/runs/${encodeURIComponent(id)}`;
  const images = join(docs, 'images');
  try {
    await takeScreenshot(browser, address, { colorScheme: 'light', file: join(images, 'dashboard-pipeline.webp') });
    const lanes = join(images, 'dashboard-lanes-dark.webp');
    await takeScreenshot(browser, address, { colorScheme: 'dark', stage: 'Implement', file: lanes });
  } finally {
    await browser.close();
  }
  return EXIT.completed;
});
