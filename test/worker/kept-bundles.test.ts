/** The stored workflow code of earlier builds. */
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadConfig } from '../../src/config/config';
import { readVersion } from '../../src/worker/deployment';
import { createKeptBundles } from '../../src/worker/kept-bundles';

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'murmuration-bundles-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const bundle = () => path.join(folder, 'workflow-bundle.js');
/** Replaces the file atomically, like a build: readers see the old file or the new one. */
function write(code: string): void {
  writeFileSync(`${bundle()}.new`, code);
  renameSync(`${bundle()}.new`, bundle());
}

describe('stored code', () => {
  const bundles = () => createKeptBundles(folder, { deploymentName: 'swarms', buildId: 'b' });

  it('stays unchanged when another build replaces its source file', () => {
    write('one');
    bundles().keep('a', bundle());
    write('two');
    bundles().keep('b', bundle());
    expect(bundles().list().sort()).toEqual(['a', 'b']);
    expect(['a', 'b'].map((id) => readFileSync(bundles().file(id), 'utf8'))).toEqual(['one', 'two']);
  });

  it('is stored again by each worker that starts, and can be removed', () => {
    write('one');
    for (let i = 0; i < 3; i++) bundles().keep('a', bundle());
    expect(bundles().list()).toEqual(['a']);
    bundles().remove('a');
    expect(bundles().list()).toEqual([]);
  });

  it('is separate for each deployment', () => {
    write('one');
    createKeptBundles(folder, { deploymentName: 'other', buildId: 'b' }).keep('a', bundle());
    expect(bundles().list()).toEqual([]);
  });
});

describe('the version of a worker', () => {
  const findVersion = (env: NodeJS.ProcessEnv = {}) => readVersion(loadConfig(env, 'no such file'), bundle());

  it('depends on the workflow code, not on the source map, which contains paths of the machine', () => {
    const map = (root: string) => `\n//# sourceMappingURL=data:application/json,${root}`;
    write(`code${map('/home/one')}`);
    const first = findVersion();
    write(`code${map('/home/other')}`);
    expect(findVersion()).toEqual(first);
    write(`other code${map('/home/one')}`);
    expect(findVersion().buildId).not.toBe(first.buildId);
    expect(first).toEqual({
      deploymentName: 'murmuration',
      buildId: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
    });
  });

  it('is the configured value if there is one', () => {
    write('code');
    expect(findVersion({ WORKER_DEPLOYMENT_NAME: 'swarms', WORKER_BUILD_ID: 'a-1' })).toEqual({
      deploymentName: 'swarms',
      buildId: 'a-1',
    });
    expect(findVersion({ TASK_QUEUE: 'eu.swarms:a' }).deploymentName).toBe('eu-swarms-a');
  });

  it.each(['a.b', 'a:b', '../a', '__a', 'a b'])('"%s" is refused', (value) => {
    expect(() => findVersion({ WORKER_DEPLOYMENT_NAME: value })).toThrow(/^WORKER_DEPLOYMENT_NAME: /);
    expect(() => findVersion({ WORKER_BUILD_ID: value })).toThrow(/^WORKER_BUILD_ID: /);
  });
});
