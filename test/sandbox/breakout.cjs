// What native code could do after escaping from the language sandbox: it is run by Node without its permission model, protected only by the
// layers. Prints what succeeded, as JSON lines. Argument: targets in JSON. Run as text (`node -e`), because its own file is not readable
// behind layers.
const { spawn, spawnSync } = require('node:child_process');
const dgram = require('node:dgram');
const fs = require('node:fs');
const net = require('node:net');

const { port, datagramPort, socket, secret, folder, parent, perl } = JSON.parse(process.argv[1]);
const THREADS = 80;

const until = (emitter, good) =>
  new Promise((resolve, reject) => {
    emitter.once(good, resolve);
    emitter.once('error', reject);
    setTimeout(() => reject(new Error('too late')), 700);
  });
const must = (truth) => {
  if (!truth) throw new Error('no');
};

const attempts = {
  'connect by TCP': () => until(net.connect(port, '127.0.0.1'), 'connect'),
  'connect by a Unix socket': () => until(net.connect(socket), 'connect'),
  'send a datagram that is answered': () => {
    const sender = dgram.createSocket('udp4');
    sender.send('x', datagramPort, '127.0.0.1');
    return until(sender, 'message');
  },
  'listen on a port': () => until(net.createServer().listen(0, '127.0.0.1'), 'listening'),
  'read a file of the worker': () => fs.readFileSync(secret),
  'read the environment of the worker': () => fs.readFileSync(`/proc/${parent}/environ`),
  'list the folder of the worker': () => fs.readdirSync(folder),
  'write a file': () => fs.writeFileSync(`${folder}/written`, 'x'),
  'delete a file': () => fs.rmSync(`${folder}/deletable`),
  'signal the worker': () => process.kill(parent, 0),
  'start a process': () => must(spawnSync(process.execPath, ['--version']).status === 0),
  'start a process that outlives it': () => until(spawn(process.execPath, ['--version'], { detached: true }), 'spawn'),
  'make a raw call for a socket': () => must(spawnSync(perl, ['-e', 'exit(socket(S, 1, 1, 0) ? 0 : 1)']).status === 0),
  // the last one: if a thread cannot be started, Node aborts
  [`start ${THREADS} threads`]: async () => {
    process.env.UV_THREADPOOL_SIZE = String(THREADS);
    await fs.promises.stat(process.execPath);
  },
};

(async () => {
  for (const [name, attempt] of Object.entries(attempts)) {
    const reached = await Promise.resolve()
      .then(attempt)
      .then(
        () => true,
        () => false,
      );
    fs.writeSync(1, `${JSON.stringify({ name, reached })}\n`);
  }
  process.kill(process.pid, 'SIGKILL');
})();
