// Preloaded by workers of a cluster without fencing: the store accepts appends of any attempt, at any index. The file of the script is
// changed as it is read, because the modules of a process are in one bundle.
const fs = require('node:fs');
const path = require('node:path');

const SCRIPT = path.join(process.cwd(), 'dist/redis/lua/append-turn-events.lua');
const CHECKS = {
  'current_owner ~= owner': 'false',
  'first_index > next_index': 'false',
  'index == next_index': 'true',
};

const { readFileSync } = fs;
let unfenced = readFileSync(SCRIPT, 'utf8');
for (const [check, outcome] of Object.entries(CHECKS)) {
  if (!unfenced.includes(check)) throw new Error(`The fence was not found: ${check}`);
  unfenced = unfenced.replace(check, outcome);
}
fs.readFileSync = (file, ...options) => (file === SCRIPT ? unfenced : readFileSync(file, ...options));
