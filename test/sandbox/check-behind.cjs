// Checks programs behind a set of layers, as the user of this process, and prints the reports as JSON. Arguments: the built sandbox, the
// names of the set (JSON), a folder with Python's image, and a file with the orders (JSON).
const fs = require('node:fs');
const path = require('node:path');

const [built, set, imageFolder, orders] = process.argv.slice(2);
const { createSandbox } = require(path.join(built, 'host/sandbox.js'));

async function main() {
  const layers = JSON.parse(set);
  const sandbox = createSandbox({ folder: imageFolder, layers, wallMs: 8000 });
  const names = await sandbox.layers();
  const reports = await Promise.all(JSON.parse(fs.readFileSync(orders, 'utf8')).map((order) => sandbox.check(order)));
  await sandbox.close();
  fs.writeSync(1, JSON.stringify({ names, reports }));
  process.exit(0);
}
main();
