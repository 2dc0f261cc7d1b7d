/** The part of WebAssembly's types that is used here: Node's types lack it, and those of browsers add much else. */
declare namespace WebAssembly {
  type ImportValue = unknown;
  type Imports = Record<string, Record<string, ImportValue>>;
  type ExportValue = unknown;

  class Module {
    private readonly compiled: true;
    static imports(module: Module): { module: string; name: string; kind: string }[];
  }
  class Instance {
    constructor(module: Module, imports?: Imports);
    readonly exports: Record<string, ExportValue>;
  }
  class Memory {
    private constructor();
    readonly buffer: ArrayBuffer;
  }
  const RuntimeError: ErrorConstructor;
  function compile(source: ArrayBuffer | Uint8Array): Promise<Module>;
}
