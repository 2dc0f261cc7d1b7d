// @ts-check
// Tracks the names of a Lua script: which are declared, read and written, and where.

/** @typedef {import('./scripts.mjs').Part} Part */
/** @typedef {import('./scripts.mjs').Finding} Finding */

/**
 * A local variable, local function or parameter.
 * @typedef {object} Declaration
 * @property {string} name
 * @property {string} file
 * @property {number} line
 * @property {boolean} isRead
 */

/** Globals that Redis provides to a script. Writing any other global is an error there. */
const GLOBALS = new Set(
  (
    'KEYS ARGV redis cjson cmsgpack struct bit string table math tonumber tostring type pairs ipairs next unpack select ' +
    'error assert pcall xpcall setmetatable getmetatable rawget rawset rawequal'
  ).split(' '),
);

/**
 * Checks a script for undeclared names, writes to globals, and shadowed names.
 * @param {Part[]} parts
 * @returns {{findings: Finding[], declarations: Declaration[]}} declarations: lets the caller determine which are never read
 */
export function checkNames(parts) {
  const check = new NameCheck();
  for (const { file, chunk } of parts) check.visitFile(file, chunk);
  return { findings: check.findings, declarations: check.declarations };
}

class NameCheck {
  /** @type {Finding[]} */
  findings = [];
  /** @type {Declaration[]} */
  declarations = [];
  /** @type {Map<string, Declaration>[]} */
  scopes = [new Map()];
  file = '';

  /**
   * For Redis, all files of a script are one chunk and share its scope.
   * @param {string} file
   * @param {import('luaparse').Chunk} chunk
   */
  visitFile(file, chunk) {
    this.file = file;
    this.visitAll(chunk.body);
  }

  /** @param {any[]} nodes */
  visitAll(nodes) {
    for (const node of nodes) this.visit(node);
  }

  /** @param {any} node a node of luaparse's tree, whose types cannot be distinguished by `type` */
  visit(node) {
    const visitor = VISITORS[node.type];
    if (visitor) visitor(this, node);
    else this.visitChildren(node);
  }

  /** @param {any} node */
  visitChildren(node) {
    for (const value of Object.values(node)) {
      if (Array.isArray(value)) this.visitAll(value);
      else if (value && typeof value === 'object' && 'type' in value) this.visit(value);
    }
  }

  /** @param {any[]} names @param {any[]} body */
  visitBlock(names, body) {
    this.scopes.push(new Map());
    for (const name of names) if (name.type === 'Identifier') this.declare(name);
    this.visitAll(body);
    this.scopes.pop();
  }

  /** @param {any} identifier */
  declare({ name, loc }) {
    const line = loc.start.line;
    const outer = this.find(name);
    if (outer && name !== '_') this.report(line, `'${name}' hides the one of ${outer.file}:${outer.line}`);
    const declaration = { name, file: this.file, line, isRead: false };
    this.declarations.push(declaration);
    this.scopes.at(-1)?.set(name, declaration);
  }

  /** @param {any} identifier */
  read({ name, loc }) {
    const declaration = this.find(name);
    if (declaration) declaration.isRead = true;
    else if (!GLOBALS.has(name)) this.report(loc.start.line, `'${name}' is not declared`);
  }

  /** @param {any} target */
  write(target) {
    if (target.type !== 'Identifier') return this.visit(target);
    if (!this.find(target.name))
      this.report(target.loc.start.line, `'${target.name}' is written without a declaration`);
  }

  /** @param {string} name */
  find(name) {
    return this.scopes.findLast((scope) => scope.has(name))?.get(name);
  }

  /** @param {number} line @param {string} message */
  report(line, message) {
    this.findings.push({ file: this.file, line, message });
  }
}

/** @type {Record<string, (check: NameCheck, node: any) => void>} */
const VISITORS = {
  Identifier: (check, node) => check.read(node),
  MemberExpression: (check, { base }) => check.visit(base),
  TableKeyString: (check, { value }) => check.visit(value),
  LocalStatement(check, { variables, init }) {
    check.visitAll(init);
    for (const variable of variables) check.declare(variable);
  },
  AssignmentStatement(check, { variables, init }) {
    check.visitAll(init);
    for (const variable of variables) check.write(variable);
  },
  FunctionDeclaration(check, { identifier, isLocal, parameters, body }) {
    if (identifier) isLocal ? check.declare(identifier) : check.write(identifier);
    check.visitBlock(parameters, body);
  },
  ForNumericStatement(check, { variable, start, end, step, body }) {
    check.visitAll([start, end, step].filter(Boolean));
    check.visitBlock([variable], body);
  },
  ForGenericStatement(check, { variables, iterators, body }) {
    check.visitAll(iterators);
    check.visitBlock(variables, body);
  },
  IfClause: visitConditional,
  ElseifClause: visitConditional,
  WhileStatement: visitConditional,
  ElseClause: (check, { body }) => check.visitBlock([], body),
  DoStatement: (check, { body }) => check.visitBlock([], body),
  RepeatStatement(check, { condition, body }) {
    // the condition can use the names of the body
    check.visitBlock([], [...body, condition]);
  },
};

/** @param {NameCheck} check @param {any} node */
function visitConditional(check, { condition, body }) {
  check.visit(condition);
  check.visitBlock([], body);
}
