/**
 * Records the first picture of the README from a real run: a worker is killed in the middle of an answer, and the answer continues.
 *
 *   npm start                                          in another terminal
 *   npm run record-animation [-- ADDRESS [DATA_DIR]]   default: http://localhost:8000 and .data
 *
 * It needs Chromium (CHROMIUM_BIN) and writes docs/images/worker-killed.gif. `ANIMATION_SWARM` and `ANIMATION_TASK` choose the run.
 */
/* global document, createImageBitmap, OffscreenCanvas, btoa -- functions that run in the browser */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import gifenc from 'gifenc';
import { chromium } from 'playwright-core';

const [address = 'http://localhost:8000', dataDir = '.data'] = process.argv.slice(2);
const TARGET = 'docs/images/worker-killed.gif';
const SWARM = process.env.ANIMATION_SWARM ?? 'strategic-swarm';
const TASK = process.env.ANIMATION_TASK ?? 'Plan a small web shop for hand-made chairs';

const SIZE = { width: 900, height: 520 };
const FRAME_MS = 400;
/** The worker is killed after this much text, and the recording ends this much text after the takeover. UTF-16 units. */
const TEXT_BEFORE = 200;
const TEXT_AFTER = 240;
/** A recorded pause is shown for at most this long, milliseconds; the last frame for a moment longer. */
const LONGEST_PAUSE_MS = 2400;
const LAST_FRAME_MS = 3500;
const TAKEOVER_LIMIT_MS = 180_000;
/** How much faster than it happened the animation plays; a frame stays for at least `SHORTEST_MS`. */
const SPEED = 4;
const SHORTEST_MS = 60;
const COLOURS = 96;

/** @typedef {{ at: number, png: Buffer }} Shot */

const runId = await startRun();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_BIN ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--force-color-profile=srgb'],
});
try {
  const context = await browser.newContext({
    viewport: SIZE,
    colorScheme: 'light',
    reducedMotion: 'reduce',
    bypassCSP: true,
  });
  const page = await context.newPage();
  await page.goto(`${address}/dashboard/runs/${encodeURIComponent(runId)}`);
  await page.locator('.lane .text').first().waitFor({ timeout: TAKEOVER_LIMIT_MS });
  const shots = await record(page);
  const frames = await decode(await context.newPage(), shots);
  const gif = encode(frames);
  writeFileSync(TARGET, gif);
  process.stdout.write(`${TARGET}: ${frames.length} frames, ${Math.round(gif.length / 1000)} kB\n`);
} finally {
  await browser.close();
}

/** @returns {Promise<string>} the id of the run */
async function startRun() {
  const reply = await fetch(`${address}/swarm/execute`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ swarm_id: SWARM, message: TASK, wait: false }),
  });
  const body = /** @type {{ run_id?: string }} */ (await reply.json());
  if (!body.run_id) throw new Error(`The run was not started: ${JSON.stringify(body)}`);
  return body.run_id;
}

/**
 * Takes pictures while the first turn speaks, is interrupted by the death of its worker, and continues.
 * @param {import('playwright-core').Page} page
 * @returns {Promise<Shot[]>}
 */
async function record(page) {
  /** @type {Shot[]} */
  const shots = [];
  const shoot = async () => {
    await page.evaluate(`document.querySelector('.lane-body').scrollTop = 1e9`);
    shots.push({ at: Date.now(), png: await page.screenshot() });
  };
  const measure = async () => (await page.locator('.lane .text').first().textContent())?.length ?? 0;
  await page.evaluate(`document.querySelector('.lane').scrollIntoView({ block: 'end' })`);
  await say(page, 'A model writes an answer');
  await shootUntil(shoot, async () => (await measure()) >= TEXT_BEFORE);
  const pid = Number(readFileSync(join(dataDir, 'run', 'worker.pid'), 'utf8'));
  process.kill(pid, 'SIGKILL');
  await say(page, `kill -9 ${pid}   # the worker`, 'bad');
  const resumed = page.locator('.note', { hasText: 'continued after' });
  await shootUntil(shoot, async () => (await resumed.count()) > 0);
  const length = await measure();
  await say(page, 'A new worker continues where it stopped: no token is lost or repeated', 'good');
  const isFinished = async () => (await page.locator('.lane .pill.status-completed').count()) > 0;
  await shootUntil(shoot, async () => (await measure()) >= length + TEXT_AFTER || (await isFinished()));
  return shots;
}

/**
 * @param {() => Promise<void>} shoot
 * @param {() => Promise<boolean>} isOver
 */
async function shootUntil(shoot, isOver) {
  for (const end = Date.now() + TAKEOVER_LIMIT_MS; ; await sleep(FRAME_MS)) {
    await shoot();
    if (await isOver()) return;
    if (Date.now() > end) throw new Error('The run did not get there in time.');
  }
}

/**
 * Shows a caption over the page.
 * @param {import('playwright-core').Page} page
 * @param {string} text
 * @param {'accent' | 'bad' | 'good'} tone
 */
async function say(page, text, tone = 'accent') {
  await page.evaluate(
    ([words, colour]) => {
      const known = document.getElementById('caption');
      const caption = known ?? document.body.appendChild(Object.assign(document.createElement('p'), { id: 'caption' }));
      caption.textContent = words ?? '';
      Object.assign(caption.style, {
        position: 'fixed',
        zIndex: 99,
        top: '14px',
        right: '18px',
        padding: '8px 16px',
        borderRadius: '9px',
        background: `var(--${colour})`,
        color: 'white',
        font: '600 16px var(--mono)',
      });
    },
    [text, tone],
  );
}

/**
 * Decodes the pictures to pixels, in the browser; equal neighbours become one frame that is shown longer.
 * @param {import('playwright-core').Page} page
 * @param {Shot[]} shots
 * @returns {Promise<{ pixels: Uint8Array, delayMs: number }[]>}
 */
async function decode(page, shots) {
  /** @type {{ pixels: Uint8Array, delayMs: number }[]} */
  const frames = [];
  for (const [index, { at, png }] of shots.entries()) {
    const delayMs = Math.min((shots[index + 1]?.at ?? at + LAST_FRAME_MS) - at, LAST_FRAME_MS);
    const last = frames.at(-1);
    if (last && shots[index - 1]?.png.equals(png)) {
      last.delayMs = Math.min(last.delayMs + delayMs, LONGEST_PAUSE_MS);
      continue;
    }
    const base64 = await page.evaluate(async (source) => {
      const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${source}`)).blob());
      const canvas = new OffscreenCanvas(image.width, image.height);
      const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d'));
      context.drawImage(image, 0, 0);
      const { data } = context.getImageData(0, 0, image.width, image.height);
      let binary = '';
      for (let from = 0; from < data.length; from += 32_768)
        binary += String.fromCharCode(...data.subarray(from, from + 32_768));
      return btoa(binary);
    }, png.toString('base64'));
    frames.push({ pixels: new Uint8Array(Buffer.from(base64, 'base64')), delayMs });
  }
  return frames;
}

/**
 * One palette for all frames. A pixel that stays the same is transparent, so that each frame holds only what has changed.
 * @param {{ pixels: Uint8Array, delayMs: number }[]} frames
 */
function encode(frames) {
  const { GIFEncoder, quantize, applyPalette } = gifenc;
  const { width, height } = SIZE;
  const middle = frames[Math.floor(frames.length / 2)];
  const samples = [frames[0], middle, frames.at(-1)].flatMap((frame) => (frame ? [frame.pixels] : []));
  const palette = quantize(Buffer.concat(samples), COLOURS - 1);
  const transparentIndex = palette.length;
  const gif = GIFEncoder();
  /** @type {Uint8Array | undefined} */
  let before;
  for (const { pixels, delayMs } of frames) {
    const indexed = applyPalette(pixels, palette);
    const earlier = before;
    const changed = earlier
      ? indexed.map((colour, at) => (colour === earlier[at] ? transparentIndex : colour))
      : indexed;
    gif.writeFrame(changed, width, height, {
      ...(earlier ? {} : { palette: [...palette, [0, 0, 0]] }),
      delay: pixels === frames.at(-1)?.pixels ? LAST_FRAME_MS : Math.max(SHORTEST_MS, delayMs / SPEED),
      ...(earlier ? { transparent: true, transparentIndex, dispose: 1 } : {}),
    });
    before = indexed;
  }
  gif.finish();
  return gif.bytes();
}
