/** Sends frames on one WebSocket as fast as possible, as a process, and prints the replies: `node flood-client.cjs <url> <count>`. */
const WebSocket = require('ws');

const [url, count] = [process.argv[2], Number(process.argv[3])];
const codes = {};
let answers = 0;
const socket = new WebSocket(url);
socket.on('open', () => {
  for (let i = 0; i < count; i++) socket.send(JSON.stringify({ run_id: `unknown-${i}` }));
});
socket.on('message', (data) => {
  const { error } = JSON.parse(String(data));
  codes[error.code] = (codes[error.code] ?? 0) + 1;
  if (++answers < count) return;
  console.log(JSON.stringify(codes));
  process.exit(0);
});
