/** The files outside of `src` that are written from the code or from measurements, whole or in part. */
import { ownSwarmsSchema } from '../../src/config/own-swarms';
import { BENCH_FILES } from './bench-files';
import { GATEWAY_FILES } from './gateway-files';
import type { GeneratedFile } from './partly-generated';

export const GENERATED_FILES: GeneratedFile[] = [
  ...GATEWAY_FILES,
  ...BENCH_FILES,
  { path: 'docs/swarms.schema.json', render: () => `${JSON.stringify(ownSwarmsSchema(), null, 2)}\n` },
];
