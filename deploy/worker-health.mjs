// The health check of a worker's container: has this very worker told Redis within the last seconds that it lives?
// Exits with 0 or 1.

import { hostname } from 'node:os';
import process from 'node:process';
import { connectRedis } from '../dist/redis/connect.js';
import { listLiveWorkers } from '../dist/redis/workers.js';

const redis = connectRedis({ url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379', patient: false });
const workers = await listLiveWorkers(redis).catch(() => []);
process.exit(workers.some(({ id }) => id.startsWith(`${hostname()}-`)) ? 0 : 1);
