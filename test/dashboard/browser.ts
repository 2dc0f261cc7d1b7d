/** A real Chromium for the dashboard's suites, and the line to the API, which can be cut. */
import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

/** One line that says what to do, when there is no browser: these suites are not skipped. */
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

/** A browser with a fresh profile. */
export async function startBrowser(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM_BIN;
  if (!executablePath) throw new Error(HOW_TO_INSTALL);
  return chromium.launch({ executablePath, headless: true, args: FLAGS });
}

export interface Visit {
  page: Page;
  /** What the page's console and its uncaught errors said. */
  complaints: string[];
  close(): Promise<void>;
}

/** A page in a context of its own: nothing is stored, as in a private window. */
export async function visit(browser: Browser, address: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (entry) => {
    if (entry.type() === 'error') complaints.push(entry.text());
  });
  await page.goto(address);
  return { page, complaints, close: () => context.close() };
}

/** The text that a turn shows, of which the page may have rendered Markdown. */
export async function shownText(page: Page, turn: string): Promise<string> {
  return (await page.locator(`[data-turn="${turn}"]`).first().textContent()) ?? '';
}

export interface Line {
  url: string;
  /** Ends all connections and refuses new ones. */
  cut(): void;
  mend(): void;
  stop(): Promise<void>;
}

/** A network between browser and API, which can fail. */
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
