/** The folder in which all suites keep the images that interpreters start from: building one takes seconds. */
import { chmodSync, mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';

export const IMAGES = path.join(tmpdir(), `murmuration-test-images-${userInfo().uid}`);

mkdirSync(IMAGES, { recursive: true });
// some suites run as another user
chmodSync(IMAGES, 0o755);
