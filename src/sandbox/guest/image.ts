/** Builds the memory image from which Python starts, writes it to the given file and exits. */
import { writeFileSync } from 'node:fs';
import { makeImage } from './interpreter';

async function main(): Promise<void> {
  writeFileSync(process.argv[2] ?? '', await makeImage());
  process.exit(0);
}
void main();
