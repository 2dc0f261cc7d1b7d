/**
 * A gate in front of every function that JavaScript passes to WebAssembly. WebAssembly code reaches the host only through the imports of
 * its module, so the effect of this gate does not depend on which object of the interpreter a program has obtained.
 */
import { endAsTampered } from './tampered';

type Import = (...values: unknown[]) => unknown;
type Exports = WebAssembly.Instance['exports'];

export interface GateRules {
  /** Imports that stay unchanged: what an ordinary program needs from a C library. */
  open: ReadonlySet<string>;
  /** Imports that are replaced when the gate is closed, because ordinary programs may call them. */
  substitutes: Readonly<Record<string, Import>>;
}

export interface ImportGate {
  /** From now on, rejects every import that the rules do not name, including names that a later version adds. It cannot be reopened. */
  close(): void;
  /**
   * The exports of the interpreter, which is the first module with a memory. On newer versions of Node, Pyodide instantiates a helper
   * module before it.
   */
  mainExports(): Exports;
}

/** Guards each WebAssembly module that is instantiated from now on, by any API. */
export function installImportGate({ open, substitutes }: GateRules): ImportGate {
  let closed = false;
  let main: Exports | undefined;
  const guard = (name: string, act: Import): Import => {
    if (open.has(name)) return act;
    const instead = Object.hasOwn(substitutes, name) ? substitutes[name]! : endAsTampered;
    return (...values) => (closed ? instead(...values) : act(...values));
  };
  const Original = WebAssembly.Instance;
  class GuardedInstance extends Original {
    constructor(module: WebAssembly.Module, imports: WebAssembly.Imports = {}) {
      if (closed) endAsTampered();
      super(module, guardImports(module, imports, guard));
      if (this.exports.memory instanceof WebAssembly.Memory) main ??= this.exports;
    }
  }
  const instantiate = async (source: WebAssembly.Module | Uint8Array, imports?: WebAssembly.Imports) => {
    if (source instanceof WebAssembly.Module) return new GuardedInstance(source, imports);
    const module = await WebAssembly.compile(source);
    return { module, instance: new GuardedInstance(module, imports) };
  };
  Object.assign(WebAssembly, { Instance: GuardedInstance, instantiate });
  // other ways to create an instance, and ways to create functions without one
  for (const name of ['instantiateStreaming', 'compileStreaming', 'Function', 'Suspending', 'Suspender', 'promising'])
    Reflect.deleteProperty(WebAssembly, name);
  return {
    close: () => void (closed = true),
    mainExports() {
      if (!main) throw new Error('No WebAssembly module with a memory was instantiated.');
      return main;
    },
  };
}

/** Looks up the imports that a module names once; the object that holds them may be a proxy. */
function guardImports(
  module: WebAssembly.Module,
  imports: WebAssembly.Imports,
  guard: (name: string, act: Import) => Import,
): WebAssembly.Imports {
  const guarded = Object.create(null) as WebAssembly.Imports;
  for (const { module: space, name } of WebAssembly.Module.imports(module)) {
    const value = imports[space]?.[name];
    guarded[space] ??= Object.create(null) as Record<string, unknown>;
    guarded[space][name] = typeof value === 'function' ? guard(name, value as Import) : value;
  }
  return guarded;
}
