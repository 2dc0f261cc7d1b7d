/**
 * Calls Python from the host through the interpreter's C API: strings in, one string out. Pyodide's own bridge would make JavaScript
 * objects reachable from Python, and is closed while a program runs.
 */

/** The address of a Python object with a held reference, so that it is never freed. */
export type Held = number & { readonly held: unique symbol };

/** A raised Python exception, formatted by `describe`. */
export class PythonError extends Error {
  constructor(
    /** The name of the exception's class. */
    readonly type: string,
    message: string,
  ) {
    super(message);
  }
}

type Exports = WebAssembly.Instance['exports'];
/** The start symbols of the grammar, as the interpreter numbers them. */
const COMPILED = { exec: 257, eval: 258 } as const;

type Call = (...values: number[]) => number;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class PythonCalls {
  private readonly memory: WebAssembly.Memory;
  private readonly surrogatePass: number;
  private readonly utf8: number;
  private describe: Held | undefined;

  constructor(readonly exports: Exports) {
    this.memory = exports.memory as WebAssembly.Memory;
    this.surrogatePass = this.copyIn('surrogatepass').address;
    this.utf8 = this.copyIn('utf-8').address;
  }

  /** Looks up a function of a module and holds it. */
  hold(module: string, name: string): Held {
    const [moduleName, functionName] = [this.copyIn(module), this.copyIn(name)];
    const found = this.checked(this.c('PyImport_ImportModule')(moduleName.address));
    return this.checked(this.c('PyObject_GetAttrString')(found, functionName.address)) as Held;
  }

  holdText(text: string): Held {
    return this.textToPython(text) as Held;
  }

  /** Sets the function that formats exceptions: the class name, a zero byte, and the text for people. */
  describeBy(describe: Held): void {
    this.describe = describe;
  }

  /** The held result of a function. Throws a `PythonError`, or the error that broke the interpreter. */
  callForObject(held: Held, ...texts: string[]): Held {
    const values = texts.map((text) => this.textToPython(text));
    try {
      return this.checked(this.callWith(held, values)) as Held;
    } finally {
      for (const value of values) this.c('Py_DecRef')(value);
    }
  }

  /** The string that a function returns; undefined if it returns anything else. */
  call(held: Held, ...texts: string[]): string | undefined {
    return this.takeText(this.callForObject(held, ...texts));
  }

  /** Compiles with the interpreter's own function, which does not involve anything that a program could replace. */
  compile(source: string, file: string, kind: keyof typeof COMPILED): Held {
    const [text, name] = [this.copyIn(source), this.copyIn(file)];
    try {
      if (source.includes('\0'))
        throw new PythonError('SyntaxError', 'SyntaxError: source code cannot contain null bytes');
      return this.checked(this.c('Py_CompileString')(text.address, name.address, COMPILED[kind])) as Held;
    } finally {
      for (const { address } of [text, name]) this.c('free')(address);
    }
  }

  /** The string that the compiled code evaluates to in this namespace; undefined if it is anything else. */
  run(code: Held, names: Held): string | undefined {
    return this.takeText(this.checked(this.c('PyEval_EvalCode')(code, names, names)));
  }

  private callWith(held: Held, [first, second]: number[]): number {
    if (first === undefined) return this.c('PyObject_CallNoArgs')(held);
    if (second === undefined) return this.c('PyObject_CallOneArg')(held, first);
    throw new Error('Functions of Python are called with one text at most.');
  }

  private checked(address: number): number {
    if (address) return address;
    throw this.takeError();
  }

  private takeError(): PythonError {
    const exception = this.c('PyErr_GetRaisedException')();
    const description = this.describe && exception ? this.c('PyObject_CallOneArg')(this.describe, exception) : 0;
    const text = description ? this.textFromPython(description) : undefined;
    // if formatting an exception raises, the exception is still reported
    if (text === undefined) this.c('PyErr_Clear')();
    const [type = '', ...message] = (text ?? 'BaseException\0It raised what can not be shown.').split('\0');
    for (const address of [description, exception]) if (address) this.c('Py_DecRef')(address);
    return new PythonError(type, message.join('\0'));
  }

  private takeText(object: number): string | undefined {
    const text = this.textFromPython(object);
    this.c('Py_DecRef')(object);
    return text;
  }

  private textToPython(text: string): number {
    const { address, length } = this.copyIn(text);
    try {
      return this.checked(this.c('PyUnicode_DecodeUTF8')(address, length, 0));
    } finally {
      this.c('free')(address);
    }
  }

  /** Undefined for anything but a `str`. Methods of its subclasses are not called. */
  private textFromPython(object: number): string | undefined {
    const bytes = this.c('PyUnicode_AsEncodedString')(object, this.utf8, this.surrogatePass);
    if (!bytes) {
      this.c('PyErr_Clear')();
      return undefined;
    }
    const [start, length] = [this.c('PyBytes_AsString')(bytes) >>> 0, this.c('PyBytes_Size')(bytes) >>> 0];
    const text = decoder.decode(new Uint8Array(this.memory.buffer, start, length));
    this.c('Py_DecRef')(bytes);
    return text;
  }

  /** A copy that the caller must free; it ends with a zero byte. */
  private copyIn(text: string): { address: number; length: number } {
    const bytes = encoder.encode(text);
    const address = this.c('malloc')(bytes.length + 1) >>> 0;
    if (!address) throw new Error('out of memory');
    const target = new Uint8Array(this.memory.buffer, address, bytes.length + 1);
    target.set(bytes);
    target[bytes.length] = 0;
    return { address, length: bytes.length };
  }

  private c(name: string): Call {
    return this.exports[name] as Call;
  }
}
