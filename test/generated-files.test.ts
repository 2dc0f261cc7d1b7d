/** Generated files hold what the code says now. `npm run generated-files` writes them. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { GENERATED_FILES } from './support/generated-files';

it.each(GENERATED_FILES)('$path is what the code generates', ({ path: name, render }) => {
  const file = path.join(__dirname, '..', name);
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const rendered = render(text);
  if (process.env.WRITE_GENERATED_FILES) writeFileSync(file, rendered);
  else expect(text).toBe(rendered);
});
