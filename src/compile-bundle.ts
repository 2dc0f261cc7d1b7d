/**
 * Run by the build, with a draft of a bundle and the file that it will be: writes the code that V8 compiles. Works in a thread, because the
 * bundle of a thread refuses to be loaded elsewhere.
 */
import { isMainThread, Worker } from 'node:worker_threads';
import { writeCode } from './bundle';

const [draft = '', file = ''] = process.argv.slice(2);
if (isMainThread) new Worker(__filename, { argv: [draft, file] });
else void writeCode(draft, file).then(() => process.exit());
