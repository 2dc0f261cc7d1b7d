// @ts-check
// Lets this process load TypeScript: Node 20 cannot, so swc, which Jest also uses, compiles required files.
const { setSourceMapsEnabled } = require('node:process');
const { transformFileSync } = require('@swc/core');

/** @type {import('@swc/core').Options} */
const options = {
  swcrc: false,
  sourceMaps: 'inline',
  module: { type: 'commonjs' },
  jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
};
setSourceMapsEnabled(true);
require.extensions['.ts'] = (/** @type {any} */ module, /** @type {string} */ path) =>
  module._compile(transformFileSync(path, options).code, path);
