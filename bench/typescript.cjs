// Lets this process require TypeScript: Node 20 cannot by itself, so swc, which Jest uses as well, compiles what is required.
const { setSourceMapsEnabled } = require('node:process');
const { transformFileSync } = require('@swc/core');

const options = {
  swcrc: false,
  sourceMaps: 'inline',
  module: { type: 'commonjs' },
  jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
};
setSourceMapsEnabled(true);
require.extensions['.ts'] = (module, path) => module._compile(transformFileSync(path, options).code, path);
