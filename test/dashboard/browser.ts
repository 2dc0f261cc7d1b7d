/** A real Chromium for the dashboard's suites, and a connection to the API that can be interrupted. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import type { AxeResults } from 'axe-core';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { createStack, type Stack } from '../support/stack';

/** The instruction that is printed if there is no browser: these suites are not skipped. */
const HOW_TO_INSTALL =
  'No Chromium was found: `npm test` installs one where apt-get and root are there; else install chromium, or set CHROMIUM_BIN.';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts a browser with a fresh profile. */
async function startBrowser(flags: string[]): Promise<Browser> {
  const executablePath = process.env.CHROMIUM_BIN;
  if (!executablePath) throw new Error(HOW_TO_INSTALL);
  return chromium.launch({ executablePath, headless: true, args: [...FLAGS, ...flags] });
}

export interface Visit {
  page: Page;
  /** Messages of the page's console, and its uncaught errors. */
  complaints: string[];
  close(): Promise<void>;
}

/** Opens a page in a new context: nothing is stored, as in a private window. */
async function visit(browser: Browser, address: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (entry) => {
    if (entry.type() === 'error') complaints.push(entry.text());
  });
  await page.goto(address);
  return { page, complaints, close: () => context.close() };
}

/** A running product and a browser, shared by all tests of a suite. */
export interface Scene {
  stack: Stack;
  browser: Browser;
  /** Opens an address of the product in a new window. `path` is relative to the API's root, or a complete URL. */
  visit(path: string, options?: BrowserContextOptions): Promise<Visit>;
}

/** Starts the scene before the suite and stops it afterwards; its parts are available inside tests. `flags` are passed to the browser. */
export function setScene(env: NodeJS.ProcessEnv = {}, flags: string[] = []): Scene {
  const scene = {
    visit: (path, options) => visit(scene.browser, new URL(path, scene.stack.url).href, options),
  } as Scene;
  beforeAll(async () => {
    [scene.stack, scene.browser] = await Promise.all([createStack(env), startBrowser(flags)]);
  });
  afterAll(async () => {
    await scene.browser.close();
    await scene.stack.stop();
  });
  return scene;
}

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

/** The serious problems that axe finds on the page, by WCAG 2.2 A and AA. The page must have been opened with `bypassCSP`. */
export async function seriousFaults(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate<AxeResults>('axe.run()');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
}

/** The text that a turn shows, possibly rendered from Markdown. */
export async function shownText(page: Page, turn: string): Promise<string> {
  return (await page.locator(`[data-turn="${turn}"]`).first().textContent()) ?? '';
}

export interface Line {
  url: string;
  /** Closes all connections and refuses new ones. */
  cut(): void;
  mend(): void;
  stop(): Promise<void>;
}

/** A proxy between browser and API whose connections can fail. */
export async function createLine(target: string): Promise<Line> {
  const { port } = new URL(target);
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((client) => {
    if (isCut) return void client.destroy();
    const upstream = connect(Number(port), '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream).pipe(client);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const drop = () => sockets.forEach((socket) => socket.destroy());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      isCut = true;
      drop();
    },
    mend: () => void (isCut = false),
    async stop() {
      drop();
      server.close();
      await once(server, 'close');
    },
  };
}
