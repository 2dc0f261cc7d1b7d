/** Model output that is malicious or enormous is shown harmlessly. */
import { until } from '../support/stack';
import { post } from '../support/readers';
import { setScene, type Visit } from './browser';

const scene = setScene();

/** Shows a run whose only turn has this text. */
async function show(pieces: string[], message = 'Speak'): Promise<Visit> {
  scene.stack.gateway.script('balanced-model', [{ tokens: pieces }]);
  const { body } = await post(`${scene.stack.url}/swarm/execute`, { swarm_id: 'one-voice', message });
  const shown = await scene.visit(`/dashboard/runs/${body.run_id}`);
  await shown.page.locator('.run-kind .status-completed').waitFor();
  return shown;
}

test('scripts, handlers, frames and styles are shown as text and execute nothing', async () => {
  const evil = [
    '<script>window.harmed = 1</script>',
    '<img src=x onerror="window.harmed = 2">',
    '<svg onload="window.harmed = 3"></svg>',
    '<iframe srcdoc="<script>parent.harmed = 4</script>"></iframe>',
    '<style>body { display: none }</style>',
    '<form action="https://evil.example"><button>x</button></form>',
    '![pixel](https://evil.example/pixel.png)',
  ].join('\n\n');
  const { page, complaints, close } = await show([evil], '<img src=x onerror="window.harmed = 5">');
  const text = page.locator('[data-turn="answer"]');
  await text.getByText('<script>window.harmed = 1</script>').waitFor();
  expect(await page.evaluate('window.harmed')).toBeUndefined();
  expect(await text.locator('script, img, svg, iframe, style, form').count()).toBe(0);
  expect(await page.locator('h1').textContent()).toBe('<img src=x onerror="window.harmed = 5">');
  expect(complaints).toEqual([]);
  await close();
});

test('links lead only to the web, and never send a referrer', async () => {
  const { page, close } = await show([
    '[a](javascript:window.harmed=1) [b](data:text/html,x) [c](vbscript:x) [d](https://example.org/) <javascript:alert(1)>',
  ]);
  const links = page.locator('[data-turn="answer"] a');
  await links.getByText('d').waitFor();
  const hrefs = await links.evaluateAll((all) => all.map((link) => link.getAttribute('href')));
  expect(hrefs.filter(Boolean)).toEqual(['https://example.org/']);
  expect(await links.getByText('d').getAttribute('rel')).toBe('noopener noreferrer nofollow');
  await close();
});

test('terminal codes and bidirectional control characters become visible characters', async () => {
  const { page, close } = await show(['plain \u001b[31mred\u001b[0m and \u202egnp.exe\u202c end\u0000']);
  const text = page.locator('[data-turn="answer"]', { hasText: 'plain' });
  expect((await text.textContent())?.trim()).toBe('plain ␛[31mred␛[0m and ⟨U+202E⟩gnp.exe⟨U+202C⟩ end␀');
  await close();
});

test('a line of half a megabyte and a table of one are shown, wrap or scroll, and do not block the page for long', async () => {
  const line = 'x'.repeat(500_000);
  const row = `| ${'cell '.repeat(20)}| ${'value '.repeat(20)}|\n`;
  const table = `| a | b |\n|---|---|\n${row.repeat(Math.ceil(1_000_000 / row.length))}`;
  for (const text of [line, table]) {
    const pieces = text.match(/[^]{1,20000}/g) ?? [];
    const { page, close } = await show(pieces);
    // the page's policy forbids the code that Playwright's own wait evaluates if the first check fails
    const shown = () => page.evaluate<number>(`document.querySelector('[data-turn="answer"]').textContent.length`);
    await until(async () => (await shown()) >= text.length * 0.95, 25_000);
    const [scroll, client] = await page.evaluate<[number, number]>(
      '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
    );
    expect(scroll).toBeLessThanOrEqual(client);
    // the page still responds, and quickly
    const asked = Date.now();
    await page.click('#tab-result');
    await page.locator('.answer').waitFor();
    expect(Date.now() - asked).toBeLessThan(2000);
    await close();
  }
});
