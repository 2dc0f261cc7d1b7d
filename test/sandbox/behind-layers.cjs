// Finds the layers of a set as the user of this process, tries to break out of them, and executes a program in each language behind them.
// Arguments: the built sandbox, the names of the set (JSON), and, if programs are to be executed, a folder with Python's image.
const { execFile } = require('node:child_process');
const dgram = require('node:dgram');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');

const [built, set, imageFolder] = process.argv.slice(2);
const load = (name) => require(path.join(built, 'host', name));
const allowed = JSON.parse(set);
const memoryBytes = 256 * 1024 * 1024;
const guest = path.join(built, 'guest');

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'murmuration-breakout-'));
const secret = path.join(folder, 'secret');
fs.writeFileSync(secret, 'secret', { mode: 0o600 });
fs.writeFileSync(path.join(folder, 'deletable'), '');

async function listen() {
  const server = net.createServer((caller) => caller.on('error', () => {})).listen(0, '127.0.0.1');
  const local = net.createServer((caller) => caller.on('error', () => {})).listen(path.join(folder, 'socket'));
  const datagrams = dgram.createSocket('udp4', (_text, from) => datagrams.send('y', from.port, from.address));
  datagrams.bind(0, '127.0.0.1');
  await Promise.all([server, local, datagrams].map((one) => new Promise((resolve) => one.once('listening', resolve))));
  const socket = path.join(folder, 'socket');
  return { port: server.address().port, datagramPort: datagrams.address().port, socket };
}

function breakOut(prefix, targets) {
  const text = fs.readFileSync(require.resolve('./breakout.cjs'), 'utf8');
  const [program, ...args] = [...prefix, process.execPath, '-e', text, JSON.stringify(targets)];
  return new Promise((resolve) => {
    execFile(program, args, { env: {}, cwd: '/', timeout: 60_000 }, (_error, out, complaint) => {
      const lines = out
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line));
      resolve({
        tried: lines.length,
        reached: lines.filter(({ reached }) => reached).map(({ name }) => name),
        complaint,
      });
    });
  });
}

async function execute() {
  const sandbox = load('sandbox.js').createSandbox({ folder: imageFolder, layers: allowed });
  const run = (language, name, text) => sandbox.check({ language, files: [{ path: name, text }] });
  const reports = await Promise.all([
    run('python', 'main.py', 'print(1 + 1)'),
    run('js', 'main.js', 'console.log(1 + 2)'),
  ]);
  const status = sandbox.status();
  await sandbox.close();
  return { outputs: reports.map(({ passed, output }) => passed && output), status };
}

async function main() {
  const targets = { ...(await listen()), secret, folder, parent: process.pid, perl: '/usr/bin/perl' };
  const options = { guest, memoryBytes, readable: load('commands.js').readableByAll(guest), allowed };
  const layers = await load('probe.js').withProbe(options, (probe) =>
    load('isolation-layers.js').findLayers(options, probe),
  );
  const attempts = await breakOut(layers.prefix, targets);
  fs.rmSync(folder, { recursive: true });
  const executed = imageFolder ? await execute() : {};
  process.stdout.write(JSON.stringify({ names: layers.names, protects: layers.protects, ...attempts, ...executed }));
  process.exit(0);
}
main();
