// A sandbox under which a program of the machine vanishes and comes back. Runs in its own mount namespace. Arguments: the built sandbox, a
// folder with Python's image, the program, and the mode. Prints its observations, as JSON.
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');

const [built, folder, program, isolation] = process.argv.slice(2);
const { createSandbox } = require(path.join(built, 'host/sandbox.js'));

const logged = [];
const note = (level) => (attributes, message) => logged.push({ level, message, ...attributes });
const sandbox = createSandbox({ spares: 1, folder, isolation, log: { warn: note('warn'), error: note('error') } });

async function check() {
  const files = [{ path: 'main.py', text: 'print(1 + 1)' }];
  return sandbox.check({ language: 'python', files }).then(
    ({ passed }) => (passed ? 'passed' : 'failed'),
    (error) => `${error.name}: ${error.message}`,
  );
}

/** Long enough for a new detection of missing layers, or for a retried start. */
async function waitFor(condition) {
  for (let i = 0; i < 300 && !condition(); i++) await sleep(100);
}

async function main() {
  const before = [await check(), (await sandbox.isolation()).layers];
  // a detection that was made a moment ago is not repeated
  await sleep(1500);
  execFileSync('mount', ['--bind', '/bin/false', program]);
  // the first one uses a process that was ready before
  const outcomes = [await check(), await check(), await check()];
  await waitFor(() => isolation === 'auto' || sandbox.status().problem !== undefined);
  const during = sandbox.status();
  execFileSync('umount', [program]);
  if (isolation === 'strict') await waitFor(() => sandbox.status().problem === undefined);
  const after = [await check(), sandbox.status()];
  await sandbox.close();
  process.stdout.write(JSON.stringify({ before, outcomes, during, after, logged }));
  process.exit(0);
}
main();
